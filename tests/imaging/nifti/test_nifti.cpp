#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "imaging/nifti/format.hpp"
#include "imaging/nifti/header.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A header of 3 x 2 x 2 voxels with a diagonal sform of 2, 3, 4 mm; RAS as NIfTI has it.
nifti::Header header(int16_t type = nifti::kInt16, int16_t bits = 16) {
  nifti::Header h{};
  h.sizeof_hdr = 348;
  const int16_t dim[8] = {3, 3, 2, 2, 1, 1, 1, 1};
  std::memcpy(h.dim, dim, sizeof dim);
  h.datatype = type;
  h.bitpix = bits;
  const float pixdim[8] = {1, 2, 3, 4, 0, 0, 0, 0};
  std::memcpy(h.pixdim, pixdim, sizeof pixdim);
  h.vox_offset = 352;
  h.xyzt_units = nifti::kMillimetre;
  h.sform_code = 1;
  h.srow_x[0] = 2, h.srow_y[1] = 3, h.srow_z[2] = 4;
  h.srow_x[3] = -10, h.srow_y[3] = 20, h.srow_z[3] = 5;
  std::memcpy(h.magic, "n+1", 4);
  return h;
}

template <class Word>
std::string file_of(const nifti::Header& h, const std::vector<Word>& voxels) {
  std::string bytes(352 + voxels.size() * sizeof(Word), '\0');
  std::memcpy(bytes.data(), &h, sizeof h);
  std::memcpy(bytes.data() + 352, voxels.data(), voxels.size() * sizeof(Word));
  return bytes;
}

const std::vector<int16_t> kVoxels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -300};

class Nifti : public testing::Test {
 protected:
  Volume read(const std::string& bytes, const std::string& name = "a.nii") {
    core::write_file_atomic(folder_ / name, bytes);
    return read_volume(folder_ / name);
  }
  std::string refusal(const std::string& bytes, const std::string& name = "a.nii") {
    const std::string message = test::message_of(core::Fault::data, [&] { read(bytes, name); });
    EXPECT_THAT(message, HasSubstr(name));
    return message;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Nifti, PlacesVoxelsInLps) {
  const Volume volume = read(file_of(header(), kVoxels));
  EXPECT_EQ(volume.data.scalar_type(), at::kShort);
  EXPECT_EQ(volume.data.sizes(), (at::IntArrayRef{1, 2, 2, 3}));
  EXPECT_EQ(volume.data[0][0][1][2].item<int>(), 5);
  EXPECT_EQ(volume.data[0][1][1][2].item<int>(), -300);
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 3, 4));
  EXPECT_THAT(volume.geometry.origin, ElementsAre(10, -20, 5));
  EXPECT_THAT(volume.geometry.direction, ElementsAre(-1, 0, 0, 0, -1, 0, 0, 0, 1));
  EXPECT_TRUE(volume.spacing_known && volume.orientation_known);
  EXPECT_THAT(volume.warnings, IsEmpty());
}

TEST_F(Nifti, ReadsTheQformWhenThereIsNoSform) {
  nifti::Header h = header();
  h.sform_code = 0;
  h.qform_code = 1;
  h.pixdim[0] = -1;  // left-handed: the third axis is reversed
  // A quarter turn about z: the x voxel axis points to the front, the y axis to the left.
  h.quatern_d = static_cast<float>(std::sqrt(0.5));
  h.qoffset_x = 1, h.qoffset_y = 2, h.qoffset_z = 3;
  const Geometry g = read(file_of(h, kVoxels)).geometry;
  const std::array<double, 9> expected{0, 1, 0, -1, 0, 0, 0, 0, -1};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(g.direction[i], expected[i], 1e-6) << i;
  EXPECT_THAT(g.origin, ElementsAre(-1, -2, 3));
  EXPECT_THAT(g.spacing, ElementsAre(2, 3, 4));
  EXPECT_NEAR(g.handedness(), -1, 1e-6);
}

TEST_F(Nifti, SaysWhenOrientationIsNotKnown) {
  nifti::Header h = header();
  h.sform_code = 0;
  const Volume volume = read(file_of(h, kVoxels));
  EXPECT_FALSE(volume.orientation_known);
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 3, 4));
  EXPECT_THAT(volume.warnings, ElementsAre(HasSubstr("neither sform nor qform")));
}

TEST_F(Nifti, PrefersTheSformAndSaysWhenTheQformDiffers) {
  nifti::Header h = header();
  h.qform_code = 1;
  h.qoffset_x = -10, h.qoffset_y = 20, h.qoffset_z = 5;
  EXPECT_THAT(read(file_of(h, kVoxels)).warnings, IsEmpty());
  h.qoffset_z = 9;
  const Volume volume = read(file_of(h, kVoxels));
  EXPECT_EQ(volume.geometry.origin[2], 5);
  EXPECT_THAT(volume.warnings, ElementsAre(HasSubstr("4.0 mm apart")));
}

TEST_F(Nifti, RefusesSformAndQformThatAreMirrorImages) {
  nifti::Header h = header();
  h.qform_code = 1;
  h.qoffset_x = -10, h.qoffset_y = 20, h.qoffset_z = 5;
  h.pixdim[0] = -1;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("mirror images (a corner lies 8.0 mm apart)"));
}

TEST_F(Nifti, ReadsTimes) {
  nifti::Header h = header();
  h.dim[0] = 4;
  h.dim[3] = 1, h.dim[4] = 2;
  h.pixdim[4] = 2500;
  h.xyzt_units = nifti::kMillimetre | nifti::kMillisecond;
  EXPECT_THAT(read(file_of(h, kVoxels)).seconds, ElementsAre(0, 2.5));
  h.xyzt_units = nifti::kMillimetre | nifti::kSecond;
  const Volume slow = read(file_of(h, kVoxels));
  EXPECT_THAT(slow.seconds, ElementsAre(0, 2500));
  write_nifti(slow, folder_ / "again.nii");
  EXPECT_THAT(read_volume(folder_ / "again.nii").seconds, ElementsAre(0, 2500));
  h.xyzt_units = nifti::kMillimetre;
  const Volume silent = read(file_of(h, kVoxels));
  EXPECT_THAT(silent.seconds, IsEmpty());
  EXPECT_THAT(silent.warnings, ElementsAre(HasSubstr("2500, has no unit")));
  h.xyzt_units = 32;  // Hz
  EXPECT_THAT(read(file_of(h, kVoxels)).seconds, IsEmpty());
}

TEST_F(Nifti, AppliesSlopeAndIntercept) {
  nifti::Header h = header();
  h.scl_slope = 0.5F;
  h.scl_inter = -1000;
  const Volume volume = read(file_of(h, kVoxels));
  EXPECT_EQ(volume.data.scalar_type(), at::kFloat);
  EXPECT_EQ(volume.data[0][1][1][2].item<float>(), -1150);
  h.scl_slope = 0;  // means: not scaled
  EXPECT_EQ(read(file_of(h, kVoxels)).data[0][1][1][2].item<float>(), -300);
  h.scl_slope = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(read(file_of(h, kVoxels)).data[0][1][1][2].item<float>(), -300);
}

TEST_F(Nifti, ReadsEveryDatatype) {
  const auto last = [&](int16_t type, int16_t bits, auto largest) {
    std::vector<decltype(largest)> voxels(12, 1);
    voxels.back() = largest;
    return read(file_of(header(type, bits), voxels)).data[0][1][1][2];
  };
  EXPECT_EQ(last(nifti::kUint8, 8, uint8_t{255}).item<double>(), 255);
  EXPECT_EQ(last(nifti::kInt8, 8, int8_t{-128}).item<double>(), -128);
  EXPECT_EQ(last(nifti::kUint16, 16, uint16_t{65535}).item<double>(), 65535);
  EXPECT_EQ(last(nifti::kInt32, 32, int32_t{-70000}).item<double>(), -70000);
  EXPECT_EQ(last(nifti::kUint32, 32, uint32_t{4'000'000'000}).item<double>(), 4e9);
  EXPECT_EQ(last(nifti::kInt64, 64, int64_t{-5'000'000'000}).item<double>(), -5e9);
  EXPECT_EQ(last(nifti::kUint64, 64, uint64_t{1} << 63).item<double>(), 9223372036854775808.0);
  EXPECT_EQ(last(nifti::kFloat32, 32, 0.25F).item<double>(), 0.25);
  EXPECT_EQ(last(nifti::kFloat64, 64, -0.125).item<double>(), -0.125);
  EXPECT_EQ(last(nifti::kFloat64, 64, 1.0).scalar_type(), at::kFloat);
  EXPECT_THAT(refusal(file_of(header(32, 64), std::vector<double>(12))), HasSubstr("NIfTI type 32"));
}

TEST_F(Nifti, KeepsDoublesForThoseWhoAsk) {
  const auto first = [&](const nifti::Header& h, auto value) {
    const std::vector<decltype(value)> voxels(12, value);
    core::write_file_atomic(folder_ / "double.nii", file_of(h, voxels));
    return read_volume(folder_ / "double.nii", {.keep_double = true}).data[0][0][0][0];
  };
  nifti::Header h = header(nifti::kFloat64, 64);
  EXPECT_EQ(first(h, 0.1).item<double>(), 0.1);
  h.scl_slope = 0.5F;
  h.scl_inter = 1;
  EXPECT_EQ(first(h, 0.1).item<double>(), 0.1 * 0.5 + 1);
  EXPECT_EQ(first(header(nifti::kUint64, 64), (uint64_t{1} << 40) + 1).item<double>(), 1099511627777.0);
  EXPECT_EQ(first(header(nifti::kFloat32, 32), 0.1F).scalar_type(), at::kFloat);
  nifti::Header scaled = header();
  scaled.scl_slope = 0.001F;
  EXPECT_EQ(first(scaled, int16_t{7}).scalar_type(), at::kFloat);
}

TEST_F(Nifti, ReadsTheOtherByteOrder) {
  std::string bytes = file_of(header(), kVoxels);
  const auto turn = [&](size_t at, size_t count, size_t size) {
    for (size_t i = 0; i < count; ++i)
      std::reverse(bytes.begin() + static_cast<long>(at + i * size),
                   bytes.begin() + static_cast<long>(at + (i + 1) * size));
  };
  turn(0, 1, 4), turn(40, 8, 2), turn(68, 4, 2), turn(76, 8, 4), turn(108, 3, 4), turn(252, 2, 2);
  turn(256, 18, 4), turn(352, 12, 2);
  const Volume volume = read(bytes);
  EXPECT_EQ(volume.data[0][1][1][2].item<int>(), -300);
  EXPECT_THAT(volume.geometry.origin, ElementsAre(10, -20, 5));
}

TEST_F(Nifti, ReadsVersionTwo) {
  std::string bytes(544, '\0');
  const auto put = [&](size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  put(0, int32_t{540});
  std::memcpy(bytes.data() + 4, "n+2\0\r\n\032\n", 8);
  put(12, int16_t{nifti::kUint8});
  const int64_t dim[] = {3, 2, 1, 3};
  for (size_t i = 0; i < 4; ++i) put(16 + 8 * i, dim[i]);
  for (size_t i = 0; i < 4; ++i) put(104 + 8 * i, 1.0 + static_cast<double>(i));
  put(168, int64_t{544});
  put(348, int32_t{1});  // sform
  put(400, 2.0), put(424, 7.0), put(400 + 40, 3.0), put(400 + 80, 4.0);
  put(500, int32_t{nifti::kMillimetre});
  bytes += std::string("\1\2\3\4\5\6", 6);
  const Volume volume = read(bytes);
  EXPECT_EQ(volume.data[0][2][0][1].item<int>(), 6);
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 3, 4));
  EXPECT_EQ(volume.geometry.origin[0], -7);
}

TEST_F(Nifti, MakesChannelsOfTimeAndColor) {
  nifti::Header h = header();
  h.dim[0] = 4;
  h.dim[3] = 1, h.dim[4] = 2;
  EXPECT_EQ(read(file_of(h, kVoxels)).data.sizes(), (at::IntArrayRef{2, 1, 2, 3}));
  nifti::Header rgb = header(nifti::kRgb24, 24);
  rgb.dim[1] = 2, rgb.dim[3] = 1;
  const Volume color = read(file_of(rgb, std::vector<uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(color.data.sizes(), (at::IntArrayRef{3, 1, 2, 2}));
  EXPECT_EQ(color.data[2][0][1][0].item<int>(), 9);
  EXPECT_THAT(color.channels, ElementsAre("red", "green", "blue"));
}

TEST_F(Nifti, ScalesMicrometres) {
  nifti::Header h = header();
  h.xyzt_units = nifti::kMicrometre;
  const Geometry g = read(file_of(h, kVoxels)).geometry;
  EXPECT_NEAR(g.spacing[2], 0.004, 1e-9);
  EXPECT_NEAR(g.origin[0], 0.01, 1e-9);
}

TEST_F(Nifti, RefusesDamagedFiles) {
  const std::string good = file_of(header(), kVoxels);
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty; copy it again"));
  EXPECT_THAT(refusal(good.substr(0, 200)), HasSubstr("ends in its NIfTI header"));
  EXPECT_THAT(refusal(good.substr(0, 370)),
              HasSubstr("3 x 2 x 2 voxels of 2 bytes, more than a file of 370"));
  EXPECT_THAT(refusal("what is this? not an image, surely"), HasSubstr("is named as NIfTI but its content"));
  EXPECT_THAT(refusal("what is this? not an image, surely", "a.xyz"),
              HasSubstr("is not an image that can be"));
  EXPECT_THAT(refusal(std::string("\x1f\x8b\x08\0garbage and more garbage", 28), "a.nii.gz"),
              HasSubstr("packed data is damaged"));

  nifti::Header h = header();
  h.dim[0] = 9;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("9 dimensions"));
  h = header();
  h.dim[2] = 0;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("dimension 2 has 0 voxels"));
  h = header();
  h.dim[1] = h.dim[2] = h.dim[3] = 32767;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("32767 x 32767 x 32767"));
  h = header();
  h.dim[0] = 7;
  for (int i = 1; i < 8; ++i) h.dim[i] = 32767;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("dimensions are absurd"));
  h = header();
  h.vox_offset = -5;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("voxels begin at byte -5"));
  h.vox_offset = 1e10F;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("vox_offset says that voxels begin at byte 1"));
  h = header();
  std::memcpy(h.magic, "ni1", 4);
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("convert the pair"));
  std::memset(h.magic, 0, 4);
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("Analyze 7.5"));
}

TEST_F(Nifti, RefusesAHeaderOfAnotherSize) {
  PHOTO51_EXPECT_ERROR(nifti::parse_header(std::string(348, 'x')), data,
                       HasSubstr("its header does not begin with 348 or 540"));
}

TEST_F(Nifti, RefusesScalesThatLeaveNoValues) {
  constexpr float kInfinite = std::numeric_limits<float>::infinity(),
                  kNan = std::numeric_limits<float>::quiet_NaN();
  nifti::Header h = header();
  for (const float slope : {kInfinite, -kInfinite, 1e30F}) {
    h.scl_slope = slope;
    EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("scl_slope is")) << slope;
  }
  h.scl_slope = 2;
  for (const float intercept : {kInfinite, kNan, 1e30F}) {
    h.scl_inter = intercept;
    EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("scl_inter is")) << intercept;
  }
  h.scl_slope = kNan;  // as some writers say that nothing is scaled
  EXPECT_EQ(read(file_of(h, kVoxels)).data.flatten()[11].item<int>(), -300);
}

TEST_F(Nifti, DoesNotReadWhatFollowsItsVoxels) {
  const auto packed = [](const std::string& plain) {
    std::string bytes(plain.size() / 100 + 1000, '\0');
    z_stream zip{};
    EXPECT_EQ(deflateInit2(&zip, 6, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    zip.avail_in = static_cast<uInt>(plain.size());
    zip.next_out = reinterpret_cast<Bytef*>(bytes.data());
    zip.avail_out = static_cast<uInt>(bytes.size());
    EXPECT_EQ(deflate(&zip, Z_FINISH), Z_STREAM_END);
    bytes.resize(zip.total_out);
    deflateEnd(&zip);
    return bytes;
  };
  const std::string file = file_of(header(), kVoxels);
  EXPECT_THAT(read(packed(file + std::string(1000, 'x')), "a.nii.gz").warnings, IsEmpty());
  const std::string tail(8 << 20, 'x');
  EXPECT_THAT(read(packed(file + tail), "b.nii.gz").warnings,
              ElementsAre(HasSubstr("more than the 24 bytes of voxels that its header promises")));
  // Nor does it notice that the checksum at the end of all that is missing.
  std::string cut = packed(file + tail);
  cut.resize(cut.size() - 8);
  EXPECT_EQ(read(cut, "c.nii.gz").data.numel(), 12);
}

TEST_F(Nifti, RefusesAxesWithoutAnInverse) {
  nifti::Header h = header();
  h.srow_z[2] = 0;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("the sform gives voxel axis z the length 0 mm"));
  h.srow_x[2] = 1;  // along x, as the first axis
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("lie in one plane"));
  h.srow_y[0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("not finite"));
  h = header();
  h.sform_code = 0;
  h.qform_code = 1;
  h.pixdim[2] = 0;
  EXPECT_THAT(refusal(file_of(h, kVoxels)), HasSubstr("voxel size along y is 0; set pixdim"));
}

TEST_F(Nifti, CountsTheSlicesOfACutGzip) {
  Geometry g;
  g.size = {64, 64, 40};
  const Volume volume = make_volume(at::randint(0, 30000, {1, 40, 64, 64}, at::kShort), g);
  write_nifti(volume, folder_ / "whole.nii.gz");
  const std::string whole = core::read_file(folder_ / "whole.nii.gz");
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2), "half.nii.gz"),
              testing::ContainsRegex("ends after (19|20) of 40 slices; copy it again"));
  // All voxels are there; the checksum is not.
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 6), "tail.nii.gz"), HasSubstr("is cut off"));
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 0x55;
  EXPECT_THAT(refusal(flipped, "flipped.nii.gz"), HasSubstr("copy"));
}

TEST_F(Nifti, WritesWhatItReads) {
  Geometry g;
  g.size = {5, 4, 3};
  g.spacing = {0.7, 0.8, 2.5};
  g.origin = {-10.5, 20, 30.25};
  const double a = 0.4, b = 2.8;  // the second turn needs the other branches of the quaternion
  for (const double angle : {a, b}) {
    for (const double hand : {1.0, -1.0}) {
      g.direction = {std::cos(angle), 0, -std::sin(angle) * hand, 0, 1, 0,
                     std::sin(angle), 0, std::cos(angle) * hand};
      for (const auto type : {at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kFloat}) {
        const Volume volume = make_volume(at::arange(120).view({2, 3, 4, 5}).to(type), g);
        for (const char* name : {"b.nii", "b.nii.gz"}) {
          write_nifti(volume, folder_ / name);
          const Volume back = read_volume(folder_ / name);
          EXPECT_TRUE(back.geometry.matches(g, 1e-4));
          EXPECT_EQ(back.data.scalar_type(), type);
          EXPECT_TRUE(at::equal(back.data, volume.data));
          EXPECT_THAT(back.warnings, IsEmpty());  // sform and qform agree
        }
      }
    }
  }
  Volume labels = make_volume(at::ones({1, 3, 4, 5}, at::kByte), g, Modality::segmentation, Units::label);
  write_nifti(labels, folder_ / "labels.nii.gz");
  EXPECT_EQ(read_volume(folder_ / "labels.nii.gz").units, Units::label);
  PHOTO51_EXPECT_ERROR(write_nifti(labels, folder_ / "labels.nrrd"), usage,
                       HasSubstr("labels.nrrd: a NIfTI file is named .nii or .nii.gz"));
  labels.data = labels.data.to(at::kBool);
  PHOTO51_EXPECT_ERROR(write_nifti(labels, folder_ / "labels.nii"), usage,
                       HasSubstr("NIfTI does not hold voxels of type Bool"));
  Geometry wide;
  wide.size = {32768, 1, 1};
  PHOTO51_EXPECT_ERROR(
      write_nifti(make_volume(at::zeros({1, 1, 1, 32768}, at::kByte), wide), folder_ / "wide.nii"), usage,
      HasSubstr("wide.nii: NIfTI holds 1 to 32767 voxels along an axis, not 32768"));
}

TEST_F(Nifti, TakesTheDeclaredModality) {
  core::write_file_atomic(folder_ / "ct.nii", file_of(header(), kVoxels));
  const Volume ct = read_volume(folder_ / "ct.nii", {.modality = Modality::ct});
  EXPECT_EQ(ct.units, Units::hounsfield);
  EXPECT_EQ(read_volume(folder_ / "ct.nii").units, Units::unknown);
  nifti::Header h = header();
  h.intent_code = nifti::kIntentLabel;
  core::write_file_atomic(folder_ / "seg.nii", file_of(h, kVoxels));
  try {
    read_volume(folder_ / "seg.nii", {.modality = Modality::mri});
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is segmentation, but mri is asked for"));
  }
  EXPECT_THROW(read_volume(folder_ / "absent.nii"), core::Error);
}

TEST_F(Nifti, ReadsARealBrain) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  const Volume flair = read_volume(test::shared_data() / "lgg/images/TCGA-DU-5855/flair.nii.gz");
  EXPECT_EQ(flair.data.sizes(), (at::IntArrayRef{1, 26, 128, 128}));
  EXPECT_EQ(flair.data.max().item<int>(), 238);
  EXPECT_NEAR(flair.geometry.spacing[2], 150.0 / 26, 1e-5);
  EXPECT_THAT(flair.geometry.direction, ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1));
}

}  // namespace
}  // namespace photo51::imaging
