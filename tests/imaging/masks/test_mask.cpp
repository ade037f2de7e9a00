#include <ATen/ATen.h>

#include "imaging/masks/dicom_seg.hpp"
#include "imaging/masks/rtstruct.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/mask_options.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using test::Ring;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Points = std::vector<std::array<double, 2>>;

Points square(double low, double high) {
  return {{low, low}, {high, low}, {high, high}, {low, high}};
}

class Mask : public testing::Test {
 protected:
  /// 10 x 10 voxels of 1 mm, slices at z = 0, 2, 4, 6.
  Volume image() {
    for (int k = 0; k < 4; ++k)
      test::write_slice(folder_ / ("ct/" + std::to_string(k) + ".dcm"), "CT", 10, 2.0 * k, 0);
    return read_volume(folder_ / "ct");
  }
  std::filesystem::path structures(const std::vector<Ring>& rings, const std::string& frame = "1.2.3.5") {
    test::write_structure_set(folder_ / "rt.dcm", rings, frame);
    return folder_ / "rt.dcm";
  }
  static std::vector<int64_t> by_slice(const Volume& mask) {
    std::vector<int64_t> counts;
    for (int64_t z = 0; z < mask.data.size(1); ++z) counts.push_back(mask.data[0][z].sum().item<int64_t>());
    return counts;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Mask, DrawsContoursWithHoles) {
  const Volume ct = image();
  // Centres 2..7 inside 1.5..7.5, a hole over 4..5; a second island; a keyhole ring two slices on.
  const Points keyhole{{1.5, 1.5}, {7.5, 1.5}, {7.5, 7.5}, {1.5, 7.5}, {1.5, 1.5},
                       {3.5, 3.5}, {3.5, 5.5}, {5.5, 5.5}, {5.5, 3.5}, {3.5, 3.5}};
  const Volume mask = read_mask(structures({{"GTV", square(1.5, 7.5), 2},
                                            {"GTV", square(3.5, 5.5), 2},
                                            {"GTV", square(7.6, 9.6), 2},
                                            {"GTV", keyhole, 4}}),
                                {&ct});
  EXPECT_THAT(by_slice(mask), ElementsAre(0, 36 - 4 + 4, 36 - 4, 0));
  EXPECT_EQ(mask.data[0][1][4][4].item<int>(), 0);
  EXPECT_EQ(mask.data[0][1][8][8].item<int>(), 1);
  EXPECT_TRUE(mask.geometry.matches(ct.geometry));
  EXPECT_EQ(mask.units, Units::label);
  EXPECT_THAT(mask.warnings, IsEmpty());
  EXPECT_NEAR(volume_ml(mask), 68 * 2 / 1000.0, 1e-12);
  const StructureSet set = read_structure_set(folder_ / "rt.dcm");
  EXPECT_NEAR(enclosed_mm3(set.structures[0]), (36 - 4 + 4 + 36 - 4) * 2, 0.5);
}

TEST_F(Mask, AsksWhichRoi) {
  const Volume ct = image();
  const auto path = structures(
      {{"GTVp", square(1.5, 3.5), 0}, {"GTVn", square(5.5, 7.5), 0}, {"Lung, left", square(0.5, 1.5), 2}});
  const auto at = [&](const std::string& choice) { return path.string() + "#" + choice; };
  PHOTO51_EXPECT_ERROR(
      read_mask(path, {&ct}), data,
      AllOf(HasSubstr("holds 3 ROIs; choose one as rt.dcm#NAME"), HasSubstr("GTVp"), HasSubstr("GTVn")));
  PHOTO51_EXPECT_ERROR(read_mask(at("GTV"), {&ct}), data, HasSubstr("has no ROI `GTV`; it has"));
  PHOTO51_EXPECT_ERROR(read_mask(at("gtv*"), {&ct}), data, HasSubstr("`gtv*` means several ROIs"));
  EXPECT_THAT(by_slice(read_mask(at("GTVp"), {&ct})), ElementsAre(4, 0, 0, 0));
  EXPECT_THAT(by_slice(read_mask(at("*vn"), {&ct})), ElementsAre(4, 0, 0, 0));
  EXPECT_THAT(by_slice(read_mask(at("GTVp,GTVn"), {&ct})), ElementsAre(8, 0, 0, 0));
  EXPECT_THAT(by_slice(read_mask(at("Lung, left"), {&ct})), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(by_slice(read_mask(at("*"), {&ct})), ElementsAre(8, 1, 0, 0));
  PHOTO51_EXPECT_ERROR(read_mask(at("GTVp")), data, HasSubstr("needs the image that it was drawn on"));
  // A folder that holds nothing but the structure set.
  test::write_structure_set(folder_ / "alone/rt.dcm", {{"A", square(1.5, 3.5), 0}});
  EXPECT_THAT(by_slice(read_mask(folder_ / "alone", {&ct})), ElementsAre(4, 0, 0, 0));
  test::write_structure_set(folder_ / "alone/rt2.dcm", {{"A", square(1.5, 3.5), 0}});
  PHOTO51_EXPECT_ERROR(read_mask(folder_ / "alone", {&ct}), data, HasSubstr("holds 2 SEG or RTSTRUCT files"));
}

TEST_F(Mask, TakesTheImageThatItWasDrawnOn) {
  const Volume ct = image();
  for (int k = 0; k < 2; ++k)
    test::write_slice(folder_ / ("pet/" + std::to_string(k) + ".dcm"), "PT", 6, 4.0 * k, 0,
                      {{DCM_SeriesInstanceUID, "1.2.3.9"}, {DCM_SliceThickness, "4"}});
  const Volume pet = read_volume(folder_ / "pet");
  test::write_structure_set(folder_ / "rt.dcm", {{"A", square(1.5, 3.5), 0}}, "1.2.3.5", "1.2.3.9");
  EXPECT_EQ(read_mask(folder_ / "rt.dcm", {&ct, &pet}).geometry.size, pet.geometry.size);
  EXPECT_EQ(read_mask(structures({{"A", square(1.5, 3.5), 0}}), {&ct, &pet}).geometry.size, ct.geometry.size);
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.5, 3.5), 0}}, "9.9"), {&ct}), data,
                       HasSubstr("another FrameOfReferenceUID (0020,0052), 9.9"));
  // A NIfTI says nothing of frames of reference.
  write_nifti(ct, folder_ / "ct.nii");
  const Volume nifti = read_volume(folder_ / "ct.nii");
  EXPECT_THAT(by_slice(read_mask(structures({{"A", square(1.5, 3.5), 0}}, "9.9"), {&ct, &nifti})),
              ElementsAre(4, 0, 0, 0));
}

TEST_F(Mask, PutsContoursOnTheNearestSlice) {
  const Volume ct = image();
  const Volume moved =
      read_mask(structures({{"A", square(1.5, 3.5), 0.6}, {"A", square(1.5, 4.5), 2.6}}), {&ct});
  EXPECT_THAT(by_slice(moved), ElementsAre(4, 9, 0, 0));
  EXPECT_THAT(moved.warnings, ElementsAre(HasSubstr("0.60 mm off the image's slices")));
  // Thin contours: one plane a slice, not several of them crossed out.
  const Volume thin = read_mask(
      structures({{"A", square(1.5, 3.5), 1.6}, {"A", square(1.5, 3.5), 2.1}, {"A", square(1.5, 3.5), 2.6}}),
      {&ct});
  EXPECT_THAT(by_slice(thin), ElementsAre(0, 4, 0, 0));
  // Thick contours fill the slab that they stand for.
  const Volume thick =
      read_mask(structures({{"A", square(1.5, 3.5), 0.9}, {"A", square(1.5, 3.5), 4.9}}), {&ct});
  EXPECT_THAT(by_slice(thick), ElementsAre(4, 4, 4, 4));
  const auto far =
      structures({{"A", square(1.5, 3.5), 0}, {"A", square(1.5, 3.5), 4}, {"A", square(1.5, 3.5), 20}});
  PHOTO51_EXPECT_ERROR(
      read_mask(far, {&ct}), data,
      AllOf(HasSubstr("ROI `A`"), HasSubstr("8.0 mm3 of 24.0 mm3 (33 %) of the mask lie outside"),
            HasSubstr("mask_outside: crop")));
  EXPECT_THAT(read_mask(far, {&ct}, test::with_outside(MaskOutside::crop)).warnings,
              ElementsAre(HasSubstr("(33 %) of the mask lie outside the image and are left out"),
                          HasSubstr("1 slice(s) between contours")));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.5, 3.5), 90}}), {&ct}), data,
                       HasSubstr("of the mask lie outside the image"));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.5, 3.5), 1e6}}), {&ct}), data,
                       HasSubstr("lies outside the image"));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.5, 1e8), 0}}), {&ct}), data,
                       HasSubstr("their coordinates are damaged"));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.1, 1.4), 0}}), {&ct}), data,
                       HasSubstr("enclose no voxel's centre"));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1, 2), 0, "POINT"}}), {&ct}), data,
                       HasSubstr("only points or open lines"));
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", {{1, 1}, {2, 2}}, 0}}), {&ct}), data,
                       HasSubstr("no closed contour of three points or more"));
  Volume turned = ct;
  turned.geometry.direction = {1, 0, 0, 0, 0, 1, 0, -1, 0};
  PHOTO51_EXPECT_ERROR(read_mask(structures({{"A", square(1.5, 3.5), 0}}), {&turned}), data,
                       HasSubstr("run across the image's slices"));
  PHOTO51_EXPECT_ERROR(read_structure_set(folder_ / "ct/0.dcm"), data, HasSubstr("is not an RTSTRUCT"));
}

TEST_F(Mask, MatchesTheMaskOfARealStructureSet) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/ct_rtstruct");
  const auto files = test::shared_data() / "dicom/files/ct_rtstruct";
  const Volume ct = read_volume(files);
  const Volume mask = read_mask(files / "rtstruct.dcm", {&ct});
  const Volume theirs = read_mask(files / "mask.nii.gz");
  EXPECT_EQ(mask.data.sum().item<int64_t>(), 17090);
  EXPECT_TRUE(at::equal(mask.data, theirs.data));
  EXPECT_TRUE(mask.geometry.matches(theirs.geometry));
  EXPECT_THAT(mask.warnings, IsEmpty());
  PHOTO51_EXPECT_ERROR(read_mask(test::shared_data() / "dicom/files/rtstruct.dcm#Isocenter 1", {&ct}), data,
                       HasSubstr("another FrameOfReferenceUID (0020,0052), 1.2.826"));
}

TEST_F(Mask, PicksValuesOfALabelMap) {
  Geometry g;
  g.size = {3, 1, 1};
  write_nifti(make_volume(at::tensor({0, 1, 2}, at::kByte).view({1, 1, 1, 3}), g), folder_ / "seg.nii.gz");
  const auto sum = [&](const std::string& choice) {
    return read_mask((folder_ / "seg.nii.gz").string() + choice).data.sum().item<int>();
  };
  EXPECT_EQ(sum(""), 2);
  EXPECT_EQ(sum("#2"), 1);
  EXPECT_EQ(sum("#1,2"), 2);
  EXPECT_EQ(sum("#*"), 2);
  PHOTO51_EXPECT_ERROR(sum("#4"), data, HasSubstr("no voxel is 4; its values are 0, 1, 2"));
  PHOTO51_EXPECT_ERROR(sum("#core"), data, HasSubstr("is no value of a label map"));
  PHOTO51_EXPECT_ERROR(sum("#1.5"), data, HasSubstr("is no value of a label map"));
  write_nifti(make_volume(at::zeros({2, 1, 1, 3}), g), folder_ / "two.nii");
  PHOTO51_EXPECT_ERROR(read_mask(folder_ / "two.nii"), data, HasSubstr("has 2 channels; a mask has one"));
}

std::vector<Uint8> pixels(std::initializer_list<int> set, Uint8 value = 1) {
  std::vector<Uint8> all(15, 0);
  for (const int i : set) all[static_cast<size_t>(i)] = value;
  return all;
}

TEST_F(Mask, ReadsBitsAndEmptySlices) {
  // 15 pixels a frame: frames do not begin at whole bytes. z = 2 has no frame, frames are out of order.
  test::write_segmentation(folder_ / "seg.dcm", {.between = 2},
                           {{1, 4, pixels({0, 14})}, {1, 0, pixels({7})}, {1, -2, pixels({1, 2, 3})}});
  const Volume mask = read_mask(folder_ / "seg.dcm");
  EXPECT_THAT(by_slice(mask), ElementsAre(3, 1, 0, 2));
  EXPECT_EQ(mask.data[0][1][1][2].item<int>(), 1);
  EXPECT_EQ(mask.data[0][3][2][4].item<int>(), 1);
  EXPECT_EQ(mask.geometry.size, (std::array<int64_t, 3>{5, 3, 4}));
  EXPECT_EQ(mask.geometry.origin[2], -2);
  const Volume ct = image();
  const Volume moved =
      on_grid_of(read_mask(folder_ / "seg.dcm", {&ct}), ct, test::with_outside(MaskOutside::crop));
  EXPECT_THAT(by_slice(moved), ElementsAre(1, 0, 2, 0));
  EXPECT_EQ(moved.data[0][2][2][4].item<int>(), 1);
  // Without SpacingBetweenSlices the smallest gap is the step.
  test::write_segmentation(folder_ / "seg.dcm", {},
                           {{1, 4, pixels({0})}, {1, 0, pixels({7})}, {1, 6, pixels({1})}});
  EXPECT_THAT(by_slice(read_mask(folder_ / "seg.dcm")), ElementsAre(1, 0, 1, 1));
}

TEST_F(Mask, PicksSegments) {
  const test::SegLook look{.labels = {"core", "edema"}};
  test::write_segmentation(folder_ / "seg.dcm", look,
                           {{1, 0, pixels({0, 1})}, {2, 0, pixels({1, 2, 3})}, {2, 2, pixels({4})}});
  const auto at = [&](const std::string& choice) {
    return by_slice(read_mask((folder_ / "seg.dcm").string() + choice));
  };
  PHOTO51_EXPECT_ERROR(at(""), data,
                       AllOf(HasSubstr("holds 2 segments"), HasSubstr("1  core"), HasSubstr("2  edema")));
  EXPECT_THAT(at("#core"), ElementsAre(2, 0));
  EXPECT_THAT(at("#2"), ElementsAre(3, 1));
  EXPECT_THAT(at("#*"), ElementsAre(4, 1));
  PHOTO51_EXPECT_ERROR(at("#necrosis"), data, HasSubstr("has no segment `necrosis`"));
}

TEST_F(Mask, ReadsFractionsAndLabelMaps) {
  test::write_segmentation(folder_ / "f.dcm", {.type = "FRACTIONAL"},
                           {{1, 0, pixels({0}, 100)}, {1, 2, pixels({0}, 99)}});
  EXPECT_THAT(by_slice(read_mask(folder_ / "f.dcm")), ElementsAre(1, 0));
  auto map = pixels({0}, 2);
  map[5] = 1;
  test::write_segmentation(folder_ / "l.dcm", {.type = "LABELMAP", .labels = {"core", "edema"}},
                           {{0, 0, map}, {0, 2, pixels({1, 2}, 2)}});
  EXPECT_THAT(by_slice(read_mask((folder_ / "l.dcm").string() + "#edema")), ElementsAre(1, 2));
  EXPECT_THAT(by_slice(read_mask((folder_ / "l.dcm").string() + "#core")), ElementsAre(1, 0));
}

TEST_F(Mask, RefusesDamagedSegmentations) {
  const auto refused = [&](const test::SegLook& look, const std::vector<test::SegFrame>& frames,
                           const test::DicomEdits& edits, const char* message) {
    test::write_segmentation(folder_ / "seg.dcm", look, frames, edits);
    PHOTO51_EXPECT_ERROR(read_segmentation(folder_ / "seg.dcm"), data,
                         AllOf(HasSubstr("seg.dcm"), HasSubstr(message)));
  };
  const std::vector<test::SegFrame> one{{1, 0, pixels({0})}};
  refused({}, one, {{DCM_SegmentationType, "SURFACE"}}, "SegmentationType (0062,0001) is `SURFACE`");
  refused({}, one, {{DCM_SegmentSequence, ""}}, "has no SegmentSequence (0062,0002)");
  refused({}, one, {{DCM_SharedFunctionalGroupsSequence, ""}}, "ImageOrientationPatient (0020,0037)");
  refused({}, one, {{DCM_NumberOfFrames, "9"}}, "9 frames of 5 x 3 bits are promised");
  refused({.type = "FRACTIONAL"}, one, {{DCM_MaximumFractionalValue, ""}},
          "MaximumFractionalValue (0062,000E)");
  refused({}, {{1, 0, pixels({0}), "0\\0"}}, {}, "frame 1 has no ImagePositionPatient (0020,0032)");
  refused({}, {{1, 0, pixels({0})}, {1, 2, pixels({0})}, {1, 5, pixels({0})}}, {},
          "lies 0.50 voxels off the grid");
  refused({}, {{1, 0, pixels({0})}, {1, 2, pixels({0}), "3\\0\\2"}}, {}, "lies 3.00 voxels off the grid");
  refused({}, {{1, 0, pixels({0})}, {1, 0.1, pixels({0})}, {1, 90000, pixels({0})}}, {},
          "slices; their places are damaged");
  test::write_slice(folder_ / "ct.dcm", "CT", 4, 0, 0);
  PHOTO51_EXPECT_ERROR(read_segmentation(folder_ / "ct.dcm"), data, HasSubstr("is not a SEG"));
}

TEST_F(Mask, ReadsRealSegmentations) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const auto files = test::shared_data() / "dicom/files";
  // Sums by the mean of all frames in the index: 0.830729 of 3 x 16 x 16, 0.138218 of 512 x 512.
  EXPECT_EQ(read_segmentation(files / "seg_image_ct_binary.dcm").count(1), 638);
  EXPECT_EQ(read_mask(files / "liver_1frame.dcm").data.sum().item<int>(), 36233);
  const Segmentation overlap = read_segmentation(files / "seg_image_ct_binary_overlap.dcm");
  EXPECT_EQ(overlap.segments[0].label, "first segment");
  EXPECT_EQ(overlap.count(1) + overlap.count(2), 80);
  EXPECT_EQ(read_segmentation(files / "seg_image_ct_true_fractional.dcm").type, "FRACTIONAL");
  const Segmentation slide = read_segmentation(files / "seg_image_sm_control_labelmap.dcm");
  EXPECT_TRUE(slide.on_slide);
  EXPECT_GT(slide.count(slide.segments[0].number), 0);
  PHOTO51_EXPECT_ERROR(read_mask(files / "seg_image_sm_control.dcm"), data,
                       HasSubstr("was drawn on a slide"));
}

}  // namespace
}  // namespace photo51::imaging
