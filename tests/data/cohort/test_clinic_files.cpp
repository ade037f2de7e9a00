#include <ATen/ATen.h>

#include <array>

#include "data/cohort/cohort_impl.hpp"
#include "data/fixture.hpp"
#include "data/images/read_input.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/ct.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/pet.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_objects.hpp"
#include "support/opened.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Cohorts whose cells name what a clinic has: DICOM folders, structure sets, PET in Bq/ml.
class ClinicFiles : public CohortFolder {
 protected:
  void pet(const std::string& name, const test::DicomEdits& edits = {}) const {
    for (int k = 0; k < 3; ++k) {
      const auto path = folder_ / (name + "/" + std::to_string(k) + ".dcm");
      test::DicomEdits all{
          {DCM_Units, "BQML"},       {DCM_DecayCorrection, "ADMIN"}, {DCM_CorrectedImage, "DECY\\ATTN"},
          {DCM_PatientWeight, "50"}, {DCM_PatientID, "P1"},          {DCM_PatientName, "P1"}};
      all.insert(all.end(), edits.begin(), edits.end());
      test::write_slice(path, "PT", 6, 2.0 * k, 1000, all);
      DcmFileFormat file;
      ASSERT_TRUE(file.loadFile(path.c_str()).good());
      file.loadAllDataIntoMemory();
      DcmItem& dose = test::add_item(*file.getDataset(), DCM_RadiopharmaceuticalInformationSequence);
      test::put(dose, DCM_RadionuclideTotalDose, "1e8");
      test::save(file, path);
    }
  }
  static PetOptions input(const std::string& suv, const std::string& mask = "") {
    PetOptions options = image_input<PetOptions>({"pet"}, mask);
    options.suv = suv;
    return options;
  }
  InputVolumes study(const std::string& cells, const PetOptions& options) const {
    const Cohort cohort = read("patient,pet,seg\n" + cells + "\n", {{"pet", data::input(options)}});
    return read_study(cohort.impl(), 0, 0);
  }
};

TEST_F(ClinicFiles, LoadPetAsSuv) {
  pet("pet");
  const auto value = [](const InputVolumes& s) { return s.channels[0]->data.max().item<double>(); };
  const InputVolumes suv = study("P1,pet,", input("auto"));
  EXPECT_NEAR(value(suv), 1000 * 50000 / 1e8, 1e-6);
  EXPECT_EQ(suv.channels[0]->units, imaging::Units::suv);
  EXPECT_EQ(value(study("P1,pet,", input("none"))), 1000);
  EXPECT_THAT(failure(core::Fault::data, [&] { study("P1,pet,", input("lbm")); }),
              AllOf(HasSubstr("channel pet"), HasSubstr("PatientSize (0010,1020) is missing")));
  EXPECT_THAT(failure(core::Fault::data, [&] { study("P1,pet,", input("stored")); }),
              HasSubstr("holds Bq/ml, but `suv: stored` says SUV; set suv to bw, lbm or bsa"));
  imaging::Geometry g;
  g.size = {4, 4, 4};
  imaging::write_nifti(imaging::make_volume(at::full({1, 4, 4, 4}, 3.0), g), folder_ / "pet.nii");
  const InputVolumes stored = study("P1,pet.nii,", input("stored"));
  EXPECT_EQ(value(stored), 3);
  EXPECT_EQ(stored.channels[0]->units, imaging::Units::suv);
  EXPECT_THAT(failure(core::Fault::data, [&] { study("P1,pet.nii,", input("auto")); }),
              AllOf(HasSubstr("pet.nii"), HasSubstr("suv: stored")));
}

/// Of slices that were written just now nothing is held: what tells the patient, image and SUV read each at
/// most twice. Small pixels come with the header.
TEST_F(ClinicFiles, SlicesAreOpenedInTheFirstEpochAlone) {
  pet("pet");
  test::Opened opened(folder_ / "pet");
  const Cohort cohort = read("patient,pet\nP1,pet\n", {{"pet", data::input(input("auto"))}});
  const CaseLoader cases(cohort, {});
  cases.load(0, {.seed = 1, .epoch = 0});
  const int first = opened.most();
  EXPECT_GE(first, 1) << "else the check below says nothing";
  EXPECT_LE(first, 4);
  cases.load(0, {.seed = 1, .epoch = 1});
  EXPECT_EQ(opened.most(), 0);
}

TEST_F(ClinicFiles, LoadMasksFromStructureSetsAndSegmentations) {
  pet("pet");
  test::write_structure_set(folder_ / "rt.dcm", {{"GTV", {{0.5, 0.5}, {2.5, 0.5}, {2.5, 2.5}, {0.5, 2.5}}, 2},
                                                 {"Lung", {{0.5, 0.5}, {4.5, 0.5}, {4.5, 4.5}}, 2}});
  const InputVolumes drawn = study("P1,pet,rt.dcm#GTV", input("auto", "seg"));
  EXPECT_EQ(drawn.mask->data.sum().item<int>(), 4);
  EXPECT_TRUE(drawn.mask->geometry.matches(drawn.channels[0]->geometry));
  EXPECT_THAT(failure(core::Fault::data, [&] { study("P1,pet,rt.dcm", input("auto", "seg")); }),
              AllOf(HasSubstr("mask seg"), HasSubstr("GTV"), HasSubstr("Lung")));
  test::SegLook look;
  look.columns = look.rows = 6;
  test::write_segmentation(folder_ / "seg.dcm", look, {{1, 2, std::vector<Uint8>(36, 1)}});
  EXPECT_EQ(study("P1,pet,seg.dcm", input("auto", "seg")).mask->data.sum().item<int>(), 36);
  // The whole way: the mask becomes a channel, and its file is part of the hash.
  const Cohort cohort = read("patient,pet,seg\nP1,pet,rt.dcm#GTV\nP2,pet,rt.dcm#Lung\n",
                             {{"pet", data::input(input("auto", "seg"))}});
  const Case loaded = CaseLoader(cohort, {}).load(0);
  EXPECT_EQ(loaded.inputs.at("pet").values[1].sum().item<float>(), 4);
  EXPECT_NE(cohort.file_hash(0, "pet"), cohort.file_hash(1, "pet"));
}

/// A structure set lies in the world of the image that it was drawn on, which a registration leads to.
TEST_F(ClinicFiles, AMaskDrawnOnARegisteredChannelComesToTheFrame) {
  pet("pet");
  test::write_structure_set(folder_ / "rt.dcm",
                            {{"GTV", {{0.5, 0.5}, {2.5, 0.5}, {2.5, 2.5}, {0.5, 2.5}}, 2}});
  imaging::Geometry frame;
  frame.size = {24, 24, 24};
  frame.origin = {-6, -6, -6};
  imaging::write_nifti(imaging::make_volume(at::ones({1, 24, 24, 24}), frame), folder_ / "t1.nii");
  write("map.txt", "1 0 0 -3\n0 1 0 0\n0 0 1 1\n");  // from the frame's world to the PET's
  const auto options = image_input<BodyLesionOptions>({"t1", "pet"}, "seg");
  const auto mask_of = [&](const std::string& header, const std::string& cells) {
    const Cohort cohort = read(header + "\n" + cells + "\n", {{"region", data::input(options)}});
    return *read_study(cohort.impl(), 0, 0).mask;
  };
  const auto drawn = mask_of("patient,t1,pet,seg", "P1,,pet,rt.dcm#GTV");
  const auto moved = mask_of("patient,t1,pet,pet.registration,seg", "P1,t1.nii,pet,map.txt,rt.dcm#GTV");
  EXPECT_EQ(moved.data.sum().item<int>(), drawn.data.sum().item<int>());
  for (size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(moved.geometry.origin[i] - drawn.geometry.origin[i], (std::array{3.0, 0.0, -1.0})[i], 1e-9);
  EXPECT_EQ(moved.geometry.spacing, drawn.geometry.spacing);
  // One on the frame's grid stays where it is, whatever else is registered.
  auto seg = at::zeros({1, 24, 24, 24}, at::kByte);
  seg.slice(1, 8, 12).slice(2, 8, 12).slice(3, 8, 12).fill_(1);
  imaging::write_nifti(imaging::make_volume(seg, frame), folder_ / "seg.nii");
  const auto kept = mask_of("patient,t1,pet,pet.registration,seg", "P1,t1.nii,pet,map.txt,seg.nii");
  EXPECT_TRUE(kept.geometry.matches(frame));
}

TEST_F(ClinicFiles, AFrameOfASegmentationIsOneSlice) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c09_seg_sparse");
  const auto files = (test::shared_cases() / "dicom/c09_seg_sparse").string();
  CtOptions ct = image_input<CtOptions>({"ct"}, "seg");
  const Cohort cohort =
      read("patient,ct,seg\nP1," + files + "/ct," + files + "/one_slice.dcm\n", {{"ct", data::input(ct)}});
  const auto planes = CaseLoader(cohort, {}).load(0).inputs.at("ct").values[1].sum({1, 2});
  EXPECT_EQ(planes.ne(0).sum().item<int>(), 1);
  EXPECT_EQ(planes.sum().item<float>(), 36);  // of 1 x 1 x 2.5 mm
}

TEST_F(ClinicFiles, AMaskOutsideItsImageIsRefused) {
  pet("pet");
  imaging::Geometry g;
  g.size = {6, 6, 3};
  g.spacing = {1, 1, 2};
  g.origin = {3, 0, 0};
  imaging::write_nifti(imaging::make_volume(at::ones({1, 3, 6, 6}, at::kByte), g), folder_ / "half.nii");
  EXPECT_THAT(
      failure(core::Fault::data, [&] { study("P1,pet,half.nii", input("auto", "seg")); }),
      AllOf(HasSubstr("mask seg"), HasSubstr("half.nii"), HasSubstr("(50 %) of the mask lie outside")));
  PetOptions crop = input("auto", "seg");
  crop.masks.outside = imaging::MaskOutside::crop;
  EXPECT_NO_THROW(study("P1,pet,half.nii", crop));
}

/// What a careful de-identification says of itself.
const test::DicomEdits kDeclared{{DCM_PatientIdentityRemoved, "YES"},
                                 {DCM_DeidentificationMethod, "by hand"},
                                 {DCM_LongitudinalTemporalInformationModified, "MODIFIED"}};

std::string warned(const std::function<void()>& work) {
  ::testing::internal::CaptureStderr();
  work();
  return ::testing::internal::GetCapturedStderr();
}

TEST_F(ClinicFiles, TellWhoThePatientIs) {
  pet("named", {{DCM_PatientName, "Franklin^Rosalind"}, {DCM_PatientBirthDate, "19200725"}});
  pet("pseudonym", kDeclared);
  const auto inputs = Inputs{{"pet", data::input(input("auto"))}};
  const std::string told = warned([&] { read("patient,pet\nP1,named\n", inputs); });
  EXPECT_THAT(told,
              AllOf(HasSubstr("input pet: files of 1 patient(s), the first P1, tell, or help to tell, who"),
                    HasSubstr("PatientBirthDate, PatientName, PatientWeight"), Not(HasSubstr("Rosalind"))));
  EXPECT_EQ(warned([&] { read("patient,pet\nP1,named\n", inputs); }), "") << "once a process";
  EXPECT_EQ(warned([&] { read("patient,pet\nP1,pseudonym\n", inputs); }), "");
  CohortOptions strict = options();
  strict.privacy = PrivacyCheck::strict;
  const auto refused = [&](const std::string& cells) {
    write("cohort.csv", "patient,pet\n" + cells + "\n");
    return failure(core::Fault::data, [&] { Cohort(strict, inputs, {}); });
  };
  EXPECT_THAT(refused("P1,pseudonym\nP2,named"),
              AllOf(HasSubstr("input pet"), HasSubstr("1 patient(s), the first P2"),
                    HasSubstr("PatientBirthDate, PatientName"), Not(HasSubstr("Rosalind")),
                    HasSubstr("; remove them, or set cohort.privacy to warn")));
  write("cohort.csv", "patient,pet\nP1,pseudonym\n");
  EXPECT_NO_THROW(Cohort(strict, inputs, {}));
  // In a folder below the series, and what cannot be looked through.
  test::write_slice(folder_ / "pseudonym/old/a.dcm", "PT", 6, 0, 1000, {{DCM_PatientAddress, "London"}});
  EXPECT_THAT(refused("P1,pseudonym"), HasSubstr("who the patient is: PatientAddress;"));
  std::filesystem::remove_all(folder_ / "pseudonym/old");
  write("pseudonym/notes.txt", "Franklin");
  EXPECT_THAT(
      refused("P1,pseudonym"),
      AllOf(HasSubstr("input pet: 1 file(s) cannot be checked for what tells who the patient is, the first"),
            HasSubstr("notes.txt: its format is none that can be looked through"),
            HasSubstr("; convert it, move it out of the folder, or set cohort.privacy to warn")));
  strict.privacy = PrivacyCheck::ignore;
  EXPECT_NO_THROW(Cohort(strict, inputs, {}));
}

}  // namespace
}  // namespace photo51::data
