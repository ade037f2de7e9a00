/// The files that the library writes, as pydicom, OpenSlide and nibabel read them.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "photo51/imaging/dicom/write.hpp"
#include "photo51/imaging/slide/write.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

/// Oblique, with another spacing along each axis.
Geometry grid(std::array<int64_t, 3> size) {
  Geometry g;
  g.size = size;
  g.spacing = {0.7, 0.85, 2.5};
  g.origin = {-100.25, 20.5, -300};
  const double c = std::cos(0.3), s = std::sin(0.3);
  g.direction = {1, 0, 0, 0, c, -s, 0, s, c};
  return g;
}

Volume ct() {
  return make_volume((at::arange(6 * 5 * 4).view({1, 4, 5, 6}) * 23 - 1000).to(at::kShort), grid({6, 5, 4}),
                     Modality::ct, Units::hounsfield);
}

/// Slices whose largest values differ by decades.
Volume pet() {
  const at::Tensor decades = at::tensor({1.0, 40.0, 900.0, 70000.0}).view({1, 4, 1, 1});
  const at::Tensor pattern = (at::arange(30).view({1, 1, 5, 6}) + 1) / 30.0;
  return make_volume((pattern * decades).to(at::kFloat), grid({6, 5, 4}), Modality::pet,
                     Units::becquerel_per_ml);
}

Volume mammogram() {
  Volume image = make_volume((at::arange(12 * 9).view({1, 1, 12, 9}) * 37).to(at::kInt), grid({9, 12, 1}),
                             Modality::mammography, Units::arbitrary);
  return image;
}

/// Smooth, so that JPEG hardly changes it.
at::Tensor frames() {
  const at::Tensor t = at::arange(3).view({3, 1, 1, 1}), c = at::arange(3).view({1, 3, 1, 1});
  const at::Tensor y = at::arange(40).view({1, 1, 40, 1}), x = at::arange(48).view({1, 1, 1, 48});
  return (x * 2 + y + t * 5 + c * 9).to(at::kByte);
}

at::Tensor picture() {
  const at::Tensor y = at::arange(151).view({1, 151, 1}), x = at::arange(203).view({1, 1, 203});
  return ((x + y) / 2 + at::arange(3).view({3, 1, 1}) * 30).to(at::kByte);
}

Volume course() {
  Volume volume =
      make_volume(at::arange(3 * 4 * 5 * 6).view({3, 4, 5, 6}).to(at::kFloat) / 7, grid({6, 5, 4}));
  volume.seconds = {0, 2.5, 5};
  return volume;
}

Volume labels() {
  return make_volume((at::arange(120).view({1, 4, 5, 6}) % 3).to(at::kByte), grid({6, 5, 4}),
                     Modality::segmentation, Units::label);
}

const DicomTags kTags{
    .patient_id = "P7", .study_date = "20250101", .series_description = "written", .kvp = 120};
const PetTags kPet{
    .weight = 71.5, .height = 1.74, .dose = 2.1e8, .injection_time = "081530", .series_time = "092000"};
const UltrasoundTags kCine{.frame_time = 0.04, .spacing = {0.3, 0.25}, .region = {4, 2, 43, 37}};

class Written : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr) return;
    const test::TemporaryFolder folder;
    write_dicom_series(ct(), folder / "ct", kTags);
    write_pet_series(pet(), folder / "pet", kTags, kPet);
    write_mammogram(mammogram(), folder / "plain.dcm", kTags, {.laterality = "R", .view = "MLO"});
    write_mammogram(mammogram(), folder / "inverted.dcm", kTags,
                    {.laterality = "L", .view = "CC", .inverted = true});
    UltrasoundTags cine = kCine;
    write_ultrasound(frames(), folder / "us_none.dcm", kTags, cine);
    cine.compression = FrameCompression::run_length;
    write_ultrasound(frames(), folder / "us_rle.dcm", kTags, cine);
    cine.compression = FrameCompression::jpeg;
    write_ultrasound(frames(), folder / "us_jpeg.dcm", kTags, cine);
    SlideTags slide{.mpp = 0.5, .levels = 3, .tile = 64, .compression = SlideCompression::deflate};
    write_slide(picture(), folder / "plain.tif", slide);
    slide.compression = SlideCompression::jpeg;
    slide.aperio = true;
    write_slide(picture(), folder / "aperio.svs", slide);
    write_nifti(ct(), folder / "ct.nii");
    write_nifti(course(), folder / "course.nii.gz");
    write_nifti(labels(), folder / "labels.nii.gz");
    const std::string script = test::source_dir().string() + "/tests/parity/written.py";
    ASSERT_EQ(std::system((std::string(python) + " " + script + " " + folder.path().string()).c_str()), 0);
    results_ = nn::read_safetensors(folder / "peers.safetensors").tensors;
  }
  void SetUp() override {
    if (results_.empty()) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }

  static std::string text(const std::string& name) {
    const at::Tensor bytes = results_.at(name).contiguous();
    return {reinterpret_cast<const char*>(bytes.const_data_ptr<uint8_t>()),
            static_cast<size_t>(bytes.numel())};
  }
  static void expect_near(const std::string& name, const at::Tensor& ours, double tolerance) {
    const at::Tensor& theirs = results_.at(name);
    ASSERT_EQ(theirs.sizes(), ours.sizes()) << name;
    EXPECT_LE((theirs - ours.to(at::kDouble)).abs().max().item<double>(), tolerance) << name;
  }
  static void expect_numbers(const std::string& name, const std::vector<double>& ours, double tolerance) {
    expect_near(name, at::tensor(ours, at::kDouble), tolerance);
  }
  /// Every slice's place, the rows' and columns' directions, and the size of a voxel.
  static void expect_place(const std::string& name, const Geometry& g) {
    const auto& positions = results_.at(name + ".positions");
    ASSERT_EQ(positions.size(0), g.size[2]);
    for (int64_t k = 0; k < g.size[2]; ++k) {
      const auto place = g.to_world({0, 0, static_cast<double>(k)});
      for (size_t axis = 0; axis < 3; ++axis)
        EXPECT_NEAR(positions[k][static_cast<int64_t>(axis)].item<double>(), place[axis], 1e-4) << name;
    }
    const auto& d = g.direction;
    expect_numbers(name + ".orientation", {d[0], d[3], d[6], d[1], d[4], d[7]}, 1e-6);
    expect_numbers(name + ".spacing", {g.spacing[1], g.spacing[0], g.spacing[2]}, 1e-6);
    expect_numbers(name + ".series", {1, static_cast<double>(g.size[2])}, 0);
    EXPECT_EQ(text(name + ".patient"), "P7");
  }

  static inline std::map<std::string, at::Tensor> results_;
};

TEST_F(Written, CtInPydicom) {
  EXPECT_EQ(text("ct.sop_class"), "CT Image Storage");
  EXPECT_EQ(text("ct.units"), "HU");
  expect_near("ct.values", ct().data[0], 0);
  expect_place("ct", ct().geometry);
  expect_numbers("ct.kvp", {120}, 0);
}

TEST_F(Written, PetInPydicom) {
  EXPECT_EQ(text("pet.sop_class"), "Positron Emission Tomography Image Storage");
  EXPECT_EQ(text("pet.units"), "BQML");
  EXPECT_EQ(text("pet.decay"), "START");
  EXPECT_EQ(text("pet.times"), "081530 092000");
  expect_numbers("pet.dose", {kPet.dose, kPet.half_life, kPet.weight}, 1e-6);
  expect_place("pet", pet().geometry);
  const at::Tensor values = results_.at("pet.values"), given = pet().data[0].to(at::kDouble);
  // Half a step of the slice's own slope.
  const at::Tensor gap = (values - given).abs().amax({1, 2}) / given.amax({1, 2});
  EXPECT_LE(gap.max().item<double>(), 0.501 / 32767);
}

TEST_F(Written, MammogramsInPydicom) {
  EXPECT_EQ(text("plain.look"), "MONOCHROME2 R medio-lateral oblique");
  EXPECT_EQ(text("inverted.look"), "MONOCHROME1 L cranio-caudal");
  expect_near("plain.values", mammogram().data[0][0], 0);
  expect_near("inverted.values", 4095 - mammogram().data[0][0], 0);
  for (const std::string name : {"plain", "inverted"}) expect_numbers(name + ".spacing", {0.85, 0.7}, 1e-6);
}

TEST_F(Written, UltrasoundInPydicom) {
  const at::Tensor given = frames().permute({0, 2, 3, 1});
  expect_near("us_none.values", given, 0);
  expect_near("us_rle.values", given, 0);
  expect_near("us_jpeg.values", given, 8);
  for (const std::string name : {"us_none", "us_rle", "us_jpeg"}) {
    expect_numbers(name + ".frame_time", {40}, 1e-9);  // ms
    expect_numbers(name + ".region", {4, 2, 43, 37}, 0);
    expect_numbers(name + ".delta", {0.03, 0.025}, 1e-9);
    expect_numbers(name + ".units", {3, 3}, 0);  // cm
  }
}

TEST_F(Written, SlidesInOpenSlide) {
  EXPECT_EQ(text("plain.tif.vendor"), "generic-tiff");
  EXPECT_EQ(text("aperio.svs.vendor"), "aperio");
  EXPECT_EQ(text("aperio.svs.power"), "20");
  at::Tensor level = picture().to(at::kInt);
  for (const char* number : {"0", "1", "2"}) {
    expect_near(std::string("plain.tif.level") + number, level, 0);
    expect_near(std::string("aperio.svs.level") + number, level, 6);
    // Means of 2 x 2 pixels, rounded.
    const int64_t height = level.size(1) / 2, width = level.size(2) / 2;
    level = level.narrow(1, 0, 2 * height).narrow(2, 0, 2 * width).reshape({3, height, 2, width, 2});
    level = (level.sum({2, 4}) + 2).div(4, "floor");
  }
  for (const std::string name : {"plain.tif", "aperio.svs"}) {
    expect_numbers(name + ".mpp", {0.5, 0.5}, 1e-6);
    expect_numbers(name + ".downsamples", {1, 2, 4}, 0.1);  // rounded sizes
  }
}

TEST_F(Written, NiftiInNibabel) {
  const auto same = [](const std::string& name, const Volume& volume, const std::string& type) {
    expect_near(name + ".values", volume.data.size(0) == 1 ? volume.data[0] : volume.data, 0);
    EXPECT_EQ(text(name + ".type"), type);
    const Geometry& g = volume.geometry;
    const at::Tensor& affine = results_.at(name + ".affine");
    for (int64_t row = 0; row < 3; ++row) {
      const double to_ras = row < 2 ? -1 : 1;
      const auto r = static_cast<size_t>(row);
      EXPECT_NEAR(affine[row][3].item<double>(), to_ras * g.origin[r], 1e-4);
      for (int64_t column = 0; column < 3; ++column) {
        const auto c = static_cast<size_t>(column);
        EXPECT_NEAR(affine[row][column].item<double>(), to_ras * g.direction[3 * r + c] * g.spacing[c], 1e-6);
      }
    }
  };
  same("ct.nii", ct(), "int16");
  same("course.nii.gz", course(), "float32");
  same("labels.nii.gz", labels(), "uint8");
  expect_numbers("ct.nii.zooms", {0.7, 0.85, 2.5}, 1e-6);
  expect_numbers("course.nii.gz.zooms", {0.7, 0.85, 2.5, 2.5}, 1e-6);
  EXPECT_EQ(text("ct.nii.units"), "mm unknown");
  EXPECT_EQ(text("course.nii.gz.units"), "mm sec");
}

}  // namespace
}  // namespace photo51::imaging
