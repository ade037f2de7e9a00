#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "imaging/dicom/header.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/dicom/write.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const DicomTags kTags{.patient_id = "P7", .study_date = "20250101", .series_description = "phantom"};
const PetTags kPet{
    .weight = 71.5, .height = 1.74, .dose = 2.1e8, .injection_time = "081530", .series_time = "092000"};

Volume pet_volume() {
  Geometry g;
  g.size = {7, 6, 5};
  g.spacing = {4, 3.5, 5};
  g.origin = {-100.25, 20, -300};
  g.direction = {1, 0, 0, 0, 0.6, -0.8, 0, 0.8, 0.6};
  at::manual_seed(4);
  // The slices' largest values differ by decades, so that one slope for all would lose the small ones.
  const at::Tensor scale = at::pow(at::full({5}, 10.0), at::arange(5).to(at::kDouble)).view({1, 5, 1, 1});
  at::Tensor data = (at::rand({1, 5, 6, 7}, at::kDouble) * scale).to(at::kFloat);
  data[0][2].zero_();
  return make_volume(data, g, Modality::pet, Units::becquerel_per_ml);
}

class WriteDicom : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(WriteDicom, PetIsReadBackToTheRoundingOfEachSlicesSlope) {
  const Volume pet = pet_volume();
  write_pet_series(pet, folder_ / "pet", kTags, kPet);
  const Volume back = read_volume(folder_ / "pet", {.modality = Modality::pet});
  EXPECT_EQ(back.units, Units::becquerel_per_ml);
  EXPECT_TRUE(back.geometry.matches(pet.geometry, 1e-6));
  EXPECT_THAT(back.warnings, IsEmpty());
  for (int64_t k = 0; k < 5; ++k) {
    const double most = pet.data[0][k].max().item<double>();
    const double error = (back.data[0][k] - pet.data[0][k]).abs().max().item<double>();
    EXPECT_LE(error, 0.5001 * most / 32767 + 1e-6 * most) << "slice " << k;
  }
}

TEST_F(WriteDicom, RefusesAPetWithoutWhatSuvNeeds) {
  const auto refuses = [&](const Volume& volume, const DicomTags& tags, const PetTags& pet,
                           const std::string& word) {
    PHOTO51_EXPECT_ERROR(write_pet_series(volume, folder_ / "pet", tags, pet), usage, HasSubstr(word));
  };
  const auto changed = [](auto change) {
    PetTags tags = kPet;
    change(tags);
    return tags;
  };
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.weight = 0; }), "weight: 0 is not above 0");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.dose = -1; }), "dose: -1");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.half_life = NAN; }), "half_life");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.frame_duration = 0; }), "frame_duration");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.injection_time = "8:15"; }),
          "injection_time: \"8:15\"");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.series_time = "246000"; }),
          "series_time: \"246000\"");
  refuses(pet_volume(), kTags, changed([](PetTags& t) { t.series_time = "080000"; }), "is after series_time");
  refuses(pet_volume(), {}, kPet, "study_date: \"\" is not a date, YYYYMMDD; SUV needs one");
  Volume volume = pet_volume();
  volume.units = Units::suv;
  refuses(volume, kTags, kPet, "units are SUV");
  volume = pet_volume();
  volume.data = volume.data.repeat({2, 1, 1, 1});
  refuses(volume, kTags, kPet, "one channel");
  volume = pet_volume();
  volume.geometry.direction[1] = 0.3;
  refuses(volume, kTags, kPet, "a PET series needs orthogonal axes");
  for (const double bad : {-1.0, double(NAN), 1e13}) {
    volume = pet_volume();
    volume.data[0][1][2][3] = bad;
    PHOTO51_EXPECT_ERROR(write_pet_series(volume, folder_ / "pet", kTags, kPet), data,
                         HasSubstr("a PET holds 0 to 1e12 Bq/ml"));
  }
}

Volume mammogram() {
  Geometry g;
  g.size = {9, 12, 1};
  g.spacing = {0.7, 0.8, 1};
  return make_volume((at::arange(108).view({1, 1, 12, 9}) * 37).to(at::kInt), g, Modality::mammography,
                     Units::arbitrary);
}

TEST_F(WriteDicom, MammogramStoresItsValuesOrTheirInverse) {
  for (const bool inverted : {false, true}) {
    const auto path = folder_ / "mg.dcm";
    write_mammogram(mammogram(), path, kTags, {.laterality = "R", .view = "MLO", .inverted = inverted});
    const DicomHeader header = read_dicom_header(path);
    EXPECT_EQ(header.modality, "MG");
    EXPECT_EQ(header.photometric, inverted ? "MONOCHROME1" : "MONOCHROME2");
    EXPECT_EQ(header.bits_stored, 12);
    const at::Tensor stored = read_dicom_pixels(header)[0][0].to(at::kInt);
    const at::Tensor given = mammogram().data[0][0];
    EXPECT_TRUE(at::equal(stored, inverted ? 4095 - given : given));
  }
  Volume deep = mammogram();
  deep.data = deep.data * 16;
  write_mammogram(deep, folder_ / "deep.dcm", kTags, {.laterality = "L", .view = "CC", .bits = 16});
  EXPECT_TRUE(at::equal(read_dicom_pixels(read_dicom_header(folder_ / "deep.dcm"))[0][0].to(at::kInt),
                        deep.data[0][0]));
}

TEST_F(WriteDicom, RefusesWhatIsNotAMammogram) {
  const auto refuses = [&](const Volume& volume, const MammogramTags& tags, const std::string& word) {
    PHOTO51_EXPECT_ERROR(write_mammogram(volume, folder_ / "mg.dcm", kTags, tags), usage, HasSubstr(word));
  };
  const MammogramTags good{.laterality = "L", .view = "CC"};
  refuses(mammogram(), {.laterality = "B", .view = "CC"}, "laterality: \"B\" is not L or R");
  refuses(mammogram(), {.laterality = "L", .view = "ML"}, "view: \"ML\" is not CC or MLO");
  refuses(mammogram(), {.laterality = "L", .view = "CC", .bits = 17}, "bits: 17 is not in 8..16");
  Volume volume = mammogram();
  volume.data = volume.data.to(at::kFloat);
  refuses(volume, good, "whole numbers");
  volume = mammogram();
  volume.spacing_known = false;
  refuses(volume, good, "size of a pixel");
  volume = mammogram();
  volume.data = volume.data.repeat({1, 2, 1, 1});
  refuses(volume, good, "is one picture");
  volume = mammogram();
  volume.data = volume.data + 4000;
  PHOTO51_EXPECT_ERROR(write_mammogram(volume, folder_ / "mg.dcm", kTags, good), data,
                       HasSubstr("12 bits hold 0 to 4095; this image goes from 4000 to 7959"));
}

/// Smooth, so that JPEG hardly changes it.
at::Tensor frames(int64_t samples) {
  const at::Tensor t = at::arange(3).view({3, 1, 1, 1}), y = at::arange(40).view({1, 1, 40, 1}),
                   x = at::arange(48).view({1, 1, 1, 48}), c = at::arange(samples).view({1, samples, 1, 1});
  return (x * 3 + y * 2 + t * 5 + c * 9).to(at::kByte);
}
const UltrasoundTags kUltrasound{.frame_time = 0.04, .spacing = {0.3, 0.25}, .region = {4, 2, 43, 37}};

TEST_F(WriteDicom, UltrasoundKeepsItsFrames) {
  for (const auto compression : {FrameCompression::none, FrameCompression::run_length})
    for (const int64_t samples : {1, 3}) {
      UltrasoundTags tags = kUltrasound;
      tags.compression = compression;
      write_ultrasound(frames(samples), folder_ / "us.dcm", kTags, tags);
      const DicomHeader header = read_dicom_header(folder_ / "us.dcm");
      EXPECT_EQ(header.frames, 3);
      EXPECT_EQ(header.transfer_syntax,
                compression == FrameCompression::none ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2.5");
      EXPECT_TRUE(at::equal(read_dicom_pixels(header), frames(samples)));
    }
}

TEST_F(WriteDicom, JpegUltrasoundIsNearAndTheSameEveryTime) {
  UltrasoundTags tags = kUltrasound;
  tags.compression = FrameCompression::jpeg;
  write_ultrasound(frames(1), folder_ / "gray.dcm", kTags, tags);
  const DicomHeader gray = read_dicom_header(folder_ / "gray.dcm");
  EXPECT_EQ(gray.transfer_syntax, "1.2.840.10008.1.2.4.50");
  const at::Tensor off = read_dicom_pixels(gray).to(at::kInt) - frames(1).to(at::kInt);
  EXPECT_LE(off.abs().max().item<int>(), 4);
  write_ultrasound(frames(3), folder_ / "a.dcm", kTags, tags);
  write_ultrasound(frames(3), folder_ / "b.dcm", kTags, tags);
  EXPECT_EQ(core::read_file(folder_ / "a.dcm"), core::read_file(folder_ / "b.dcm"));
  EXPECT_EQ(read_dicom_header(folder_ / "a.dcm").photometric, "YBR_FULL_422");
}

TEST_F(WriteDicom, RefusesWhatIsNotUltrasound) {
  const auto refuses = [&](const at::Tensor& given, auto change, const std::string& word) {
    UltrasoundTags tags = kUltrasound;
    change(tags);
    PHOTO51_EXPECT_ERROR(write_ultrasound(given, folder_ / "us.dcm", kTags, tags), usage, HasSubstr(word));
  };
  refuses(
      frames(1), [](UltrasoundTags& t) { t.frame_time = 0; }, "frame_time: 0");
  refuses(
      frames(1), [](UltrasoundTags& t) { t.spacing[1] = -1; }, "spacing: -1");
  refuses(
      frames(1), [](UltrasoundTags& t) { t.region[2] = 48; }, "region");
  refuses(
      frames(1), [](UltrasoundTags& t) { t.jpeg_quality = 0; }, "jpeg_quality: 0 is not in 1..100");
  refuses(
      frames(2), [](UltrasoundTags&) {}, "[3, 2, 40, 48]");
  refuses(
      frames(1).to(at::kInt), [](UltrasoundTags&) {}, "uint8");
}

TEST_F(WriteDicom, ADiskThatRefusesIsAnError) {
  const auto nowhere = folder_ / "no_such_folder" / "x.dcm";
  PHOTO51_EXPECT_ERROR(write_ultrasound(frames(1), nowhere, kTags, kUltrasound), run,
                       HasSubstr("x.dcm: cannot be written: No such file"));
  PHOTO51_EXPECT_ERROR(write_mammogram(mammogram(), nowhere, kTags, {.laterality = "L", .view = "CC"}), run,
                       HasSubstr("x.dcm: cannot be written: No such file"));
}

}  // namespace
}  // namespace photo51::imaging
