#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "imaging/pet/suv.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kHalf = 6600;

/// Injected at 10:00, series and acquisition at 11:00.
PetHeader pet_header() {
  PetHeader h;
  h.path = "pet/1.dcm";
  h.modality = "PT";
  h.units = "BQML";
  h.decay_correction = "START";
  h.corrected_image = "DECY\\ATTN\\SCAT";
  h.sex = "F";
  h.weight = 60;
  h.height = 1.6;
  h.injections = 1;
  h.nuclide = "^18^Fluorine";
  h.dose = 3e8;
  h.half_life = kHalf;
  h.injected_time = parse_time("100000");
  h.series = h.acquired = parse_moment("20200102", "110000");
  return h;
}

double factor(const PetHeader& h, SuvType type = SuvType::body_weight) {
  std::vector<std::string> warnings;
  return suv_factors({h}, type, warnings)[0];
}
double expected(double elapsed, double norm = 60000) {
  return norm / (3e8 * std::exp2(-elapsed / kHalf));
}

template <class Change>
PetHeader with(Change&& change) {
  PetHeader h = pet_header();
  change(h);
  return h;
}

TEST(Suv, DividesByTheDoseThatIsLeft) {
  EXPECT_NEAR(factor(pet_header()), expected(3600), 1e-12);
  EXPECT_NEAR(factor(with([](PetHeader& h) { h.decay_correction = "ADMIN"; })), expected(0), 1e-12);
  // 4 minutes' frame: the count rate is the mean a little before the middle.
  const double middle =
      std::log(std::numbers::ln2 / kHalf * 240 / (1 - std::exp2(-240 / kHalf))) * kHalf / std::numbers::ln2;
  EXPECT_NEAR(middle, 119.75, 0.01);
  const PetHeader none = with([](PetHeader& h) {
    h.decay_correction = "NONE";
    h.duration = 240;
  });
  EXPECT_NEAR(factor(none), expected(3600 + middle), 1e-12);
  // Without decay correction each slice has its own time.
  PetHeader later = none;
  *later.acquired += 600;
  std::vector<std::string> warnings;
  const auto factors = suv_factors({none, later}, SuvType::body_weight, warnings);
  EXPECT_NEAR(factors[1] / factors[0], std::exp2(600 / kHalf), 1e-12);
}

TEST(Suv, FindsTheTimeThatValuesAreCorrectedTo) {
  // A series made later than its acquisition: SeriesTime is not the start of the scan.
  const auto late = [](PetHeader& h) { *h.series += 7200; };
  PetHeader ge = with(late);
  ge.ge_scan = *ge.acquired - 300;
  EXPECT_NEAR(factor(ge), expected(3300), 1e-12);
  PetHeader siemens = with(late);
  siemens.duration = 180;
  siemens.reference = 500;
  const double mean =
      std::log(std::numbers::ln2 / kHalf * 180 / (1 - std::exp2(-180 / kHalf))) * kHalf / std::numbers::ln2;
  EXPECT_NEAR(factor(siemens), expected(3600 + mean - 500), 1e-12);
  std::vector<std::string> warnings;
  EXPECT_NEAR(suv_factors({with(late)}, SuvType::body_weight, warnings)[0], expected(3600), 1e-12);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("the earliest AcquisitionTime (0008,0032) was taken")));
  PetHeader enhanced = pet_header();
  enhanced.corrected_to = *enhanced.acquired - 60;
  EXPECT_NEAR(factor(enhanced), expected(3540), 1e-12);
  // The earliest bed position counts.
  PetHeader second = pet_header();
  *second.acquired += 900;
  EXPECT_NEAR(suv_factors({second, pet_header()}, SuvType::body_weight, warnings)[0], expected(3600), 1e-12);
  PetHeader odd = siemens;
  odd.reference = 400;
  PHOTO51_EXPECT_ERROR(suv_factors({siemens, odd}, SuvType::body_weight, warnings), data,
                       HasSubstr("100 s apart"));
}

TEST(Suv, CrossesMidnight) {
  std::vector<std::string> warnings;
  const PetHeader night = with([](PetHeader& h) {
    h.injected_time = parse_time("233000");
    h.series = h.acquired = parse_moment("20200103", "003000.50");
  });
  EXPECT_NEAR(suv_factors({night}, SuvType::body_weight, warnings)[0], expected(3600.5), 1e-12);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("before midnight")));
  PetHeader dated = night;
  dated.injected = parse_date_time("20200102233000.000000");
  EXPECT_NEAR(factor(dated), expected(3600.5), 1e-12);
  // A date that an anonymiser left alone does not fit; the time does.
  dated.injected = parse_date_time("20190615233000");
  warnings.clear();
  EXPECT_NEAR(suv_factors({dated}, SuvType::body_weight, warnings)[0], expected(3600.5), 1e-12);
  EXPECT_THAT(warnings, Contains(HasSubstr("(0018,1078) does not fit the scan")));
}

TEST(Suv, KnowsFourNorms) {
  // Worked by hand for 60 kg, 1.60 m, BMI 23.4375.
  const Body woman{.weight = 60, .height = 1.6, .female = true},
      man{.weight = 60, .height = 1.6, .female = false};
  EXPECT_EQ(suv_norm(SuvType::body_weight, woman), 60000);
  EXPECT_NEAR(suv_norm(SuvType::lean_body_mass, woman), 1000 * 556200 / 14498.75, 1e-6);
  EXPECT_NEAR(suv_norm(SuvType::lean_body_mass, man), 1000 * 556200 / 11742.5, 1e-6);
  EXPECT_NEAR(suv_norm(SuvType::lean_body_mass_james, woman), 43387.5, 1e-6);
  EXPECT_NEAR(suv_norm(SuvType::lean_body_mass_james, man), 48000, 1e-6);
  EXPECT_NEAR(suv_norm(SuvType::body_surface, man), 16220.6, 0.1);  // 1.62 m²
  EXPECT_NEAR(factor(pet_header(), SuvType::lean_body_mass_james), expected(3600, 43387.5), 1e-12);
  EXPECT_EQ(to_string(suv_type_from("lbm_james")), "lbm_james");
  PHOTO51_EXPECT_ERROR(suv_type_from("bmw"), usage, HasSubstr("did you mean `bw`"));
}

TEST(Suv, ScalesPhilipsCounts) {
  PetHeader counts = with([](PetHeader& h) { h.units = "CNTS"; });
  counts.philips_suv = 0.001;
  EXPECT_EQ(factor(counts), 0.001);
  EXPECT_NEAR(factor(counts, SuvType::lean_body_mass_james), 0.001 * 43387.5 / 60000, 1e-12);
  counts.philips_suv = 0;
  counts.philips_activity = 2.5;
  EXPECT_NEAR(factor(counts), 2.5 * expected(3600), 1e-12);
  counts.philips_activity.reset();
  PHOTO51_EXPECT_ERROR(factor(counts), data, AllOf(HasSubstr("(7053,xx00)"), HasSubstr("(7053,xx09)")));
}

TEST(Suv, KeepsWhatIsSuvAlready) {
  PetHeader stored = with([](PetHeader& h) { h.units = "GML"; });
  EXPECT_EQ(factor(stored), 1);
  EXPECT_NEAR(factor(stored, SuvType::lean_body_mass_james), 43387.5 / 60000, 1e-12);
  stored.suv_type = "LBMJAMES128";
  EXPECT_EQ(factor(stored, SuvType::lean_body_mass_james), 1);
  EXPECT_NEAR(factor(stored), 60000 / 43387.5, 1e-12);
  stored.suv_type = "IBW";
  PHOTO51_EXPECT_ERROR(factor(stored), data, HasSubstr("SUVType (0054,1006) IBW"));
  EXPECT_EQ(factor(with([](PetHeader& h) { h.units = "CM2ML"; }), SuvType::body_surface), 1);
}

TEST(Suv, NamesWhatIsMissingOrImplausible) {
  const std::pair<void (*)(PetHeader&), const char*> cases[] = {
      {[](PetHeader& h) { h.weight.reset(); }, "PatientWeight (0010,1030) is missing"},
      {[](PetHeader& h) { h.weight = 60000; }, "is it in grams?"},
      {[](PetHeader& h) { h.weight = 0.001; }, "no weight in kg"},
      {[](PetHeader& h) { h.dose.reset(); }, "RadionuclideTotalDose (0018,1074) is missing"},
      {[](PetHeader& h) { h.dose = 388; }, "is it in MBq?"},
      {[](PetHeader& h) { h.dose = 3e14; }, "more than a patient is given"},
      {[](PetHeader& h) { h.half_life.reset(); }, "RadionuclideHalfLife (0018,1075) is missing"},
      {[](PetHeader& h) { h.half_life = 109.8; }, "6586.2 s; is it in minutes?"},
      {[](PetHeader& h) { h.nuclide = "X", h.half_life = 20; }, "is it in minutes?"},
      {[](PetHeader& h) { h.units = ""; }, "Units (0054,1001) are missing"},
      {[](PetHeader& h) { h.units = "PROPCPS"; }, "Units (0054,1001) are PROPCPS"},
      {[](PetHeader& h) { h.decay_correction = ""; }, "DecayCorrection (0054,1102) is ``"},
      {[](PetHeader& h) { h.acquired.reset(); }, "AcquisitionTime (0008,0032) is missing"},
      {[](PetHeader& h) { h.injected_time.reset(); }, "RadiopharmaceuticalStartTime (0018,1072) are missing"},
      {[](PetHeader& h) { h.injected_time = parse_time("120000"); }, "hours after the injection"},
      {[](PetHeader& h) { h.corrected_image = "DECY\\SCAT"; }, "(0028,0051) has no ATTN"},
      {[](PetHeader& h) { h.corrected_image = "ATTN"; }, "(0028,0051) has no DECY"},
      {[](PetHeader& h) { h.decay_correction = "NONE"; }, "ActualFrameDuration (0018,1242) is missing"},
      {[](PetHeader& h) { h.injections = 2; }, "2 different injections"},
      {[](PetHeader& h) { h.modality = "CT"; }, "is CT, not PT"}};
  for (const auto& [change, message] : cases)
    PHOTO51_EXPECT_ERROR(factor(with(change)), data, HasSubstr(message));
  const std::pair<void (*)(PetHeader&), const char*> lean[] = {
      {[](PetHeader& h) { h.height.reset(); }, "PatientSize (0010,1020) is missing"},
      {[](PetHeader& h) { h.height = 160; }, "is it in cm?"},
      {[](PetHeader& h) { h.sex = "O"; }, "PatientSex (0010,0040) is `O`"}};
  for (const auto& [change, message] : lean)
    PHOTO51_EXPECT_ERROR(factor(with(change), SuvType::lean_body_mass), data, HasSubstr(message));
  std::vector<std::string> warnings;
  PHOTO51_EXPECT_ERROR(
      suv_factors({pet_header(), with([](PetHeader& h) { h.dose = 2e8; })}, SuvType::body_weight, warnings),
      data, HasSubstr("has another dose"));
  PHOTO51_EXPECT_ERROR(
      suv_factors({pet_header(), with([](PetHeader& h) { h.weight = 61; })}, SuvType::body_weight, warnings),
      data, HasSubstr("another PatientWeight"));
}

TEST(Suv, ReadsDatesAndTimes) {
  EXPECT_EQ(parse_date("19700102"), 1);
  EXPECT_EQ(parse_date("1970.01.02"), 1);
  EXPECT_FALSE(parse_date("20200230"));
  EXPECT_EQ(parse_time("01"), 3600);
  EXPECT_EQ(parse_time("0102"), 3720);
  EXPECT_EQ(parse_time("01:02:03.25"), 3723.25);
  EXPECT_FALSE(parse_time("2562"));
  EXPECT_FALSE(parse_time("1 am"));
  EXPECT_EQ(parse_date_time("19700101010203"), 3723);
  EXPECT_EQ(parse_date_time("19700101010203+0100", "+0000"), 123);
  EXPECT_EQ(parse_date_time("19700101010203+0100"), 3723);
  EXPECT_FALSE(parse_date_time("1970"));
}

TEST(Suv, ReadsARealSeries) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/pet_bqml");
  const auto files = test::shared_data() / "dicom/files";
  const Volume pet = read_volume(files / "pet_bqml");
  const Volume suv = to_suv(pet, SuvType::body_weight);
  EXPECT_EQ(suv.units, Units::suv);
  EXPECT_NEAR(suv.data.max().item<double>(), 7.911, 5e-4);
  EXPECT_THAT(suv.warnings, IsEmpty());
  const double ratio = to_suv(pet, SuvType::lean_body_mass).data.max().item<double>() / 7.911;
  EXPECT_NEAR(ratio, 9.27 / (6.680 + 0.216 * 71 / (1.63 * 1.63)), 1e-3);
  const auto refused = [&](const char* name, const char* tag) {
    PHOTO51_EXPECT_ERROR(to_suv(read_volume(files / name), SuvType::body_weight), data,
                         AllOf(HasSubstr(name), HasSubstr(tag)));
  };
  refused("pet_no_weight.dcm", "PatientWeight (0010,1030)");
  refused("pet_no_dose.dcm", "RadionuclideTotalDose (0018,1074)");
  refused("pet_no_units.dcm", "Units (0054,1001)");
}

TEST(Suv, ReadsPrivateAndRepeatedElements) {
  const test::TemporaryFolder folder;
  for (int k = 0; k < 2; ++k) {
    const auto path = folder / ("pet/" + std::to_string(k) + ".dcm");
    test::write_slice(
        path, "PT", 4, 2.0 * k, 1000,
        {{DCM_Units, "CNTS"}, {DCM_PatientWeight, "60"}, {DCM_RescaleSlope, k == 0 ? "2" : "3"}});
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(path.c_str()).good());
    file.loadAllDataIntoMemory();
    DcmDataset& d = *file.getDataset();
    test::put_private(d, 0x7053, 0x00, "Philips PET Private Group", EVR_DS, k == 0 ? "0.001" : "0.002");
    test::put_private(d, 0x0009, 0x0D, "GEMS_PETD_01", EVR_DT, "20200102110000.00");
    for (int i = 0; i < 2; ++i) {
      DcmItem& dose = test::add_item(d, DCM_RadiopharmaceuticalInformationSequence);
      test::put(dose, DCM_RadionuclideTotalDose, "3e8");
    }
    test::save(file, path);
  }
  const PetHeader h = pet_header_of(read_dicom_header(folder / "pet/0.dcm"));
  EXPECT_EQ(h.injections, 1U);
  EXPECT_EQ(h.dose, 3e8);
  EXPECT_EQ(h.ge_scan, parse_moment("20200102", "110000"));
  EXPECT_EQ(h.philips_suv, 0.001);
  // Slope and scale of each slice.
  const Volume suv = to_suv(read_volume(folder / "pet"), SuvType::body_weight);
  EXPECT_NEAR(suv.data[0][0][0][0].item<double>(), 2, 1e-6);
  EXPECT_NEAR(suv.data[0][1][0][0].item<double>(), 6, 1e-6);
}

}  // namespace
}  // namespace photo51::imaging
