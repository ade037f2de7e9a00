#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/file_limits.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// 0, 1, 2, … as little-endian words.
std::string counting(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += {static_cast<char>(i), 0};
  return bytes;
}

class Itk : public testing::Test {
 protected:
  Volume read(const std::string& name, const std::string& bytes) {
    core::write_file_atomic(folder_ / name, bytes);
    return read_volume(folder_ / name);
  }
  std::string refusal(const std::string& name, const std::string& bytes) {
    const std::string message = test::message_of(core::Fault::data, [&] { read(name, bytes); });
    EXPECT_THAT(message, HasSubstr(name));
    return message;
  }
  test::TemporaryFolder folder_;
};

const char kNrrd[] =
    "NRRD0004\ntype: unsigned short\ndimension: 3\nspace: right-anterior-superior\nsizes: 3 2 2\n"
    "space directions: (2,0,0) (0,3,0) (0,0,4)\nkinds: domain domain domain\nendian: little\nencoding: raw\n"
    "space origin: (-10,20,5)\n\n";

TEST_F(Itk, ReadsNrrdInLps) {
  const Volume volume = read("a.nrrd", kNrrd + counting(12));
  EXPECT_EQ(volume.data.scalar_type(), at::kInt);
  EXPECT_TRUE(at::equal(volume.data, at::arange(12).view({1, 2, 2, 3}).to(at::kInt)));
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 3, 4));
  EXPECT_THAT(volume.geometry.origin, ElementsAre(10, -20, 5));
  EXPECT_THAT(volume.geometry.direction, ElementsAre(-1, 0, 0, 0, -1, 0, 0, 0, 1));
  EXPECT_TRUE(volume.spacing_known && volume.orientation_known);
}

TEST_F(Itk, KeepsDoublesForThoseWhoAsk) {
  const double value = 0.1;
  std::string bytes(12 * sizeof value, '\0');
  for (int i = 0; i < 12; ++i) std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  const std::string header =
      "NRRD0004\ntype: double\ndimension: 3\nspace: right-anterior-superior\nsizes: 3 2 2\n"
      "space directions: (2,0,0) (0,3,0) (0,0,4)\nendian: little\nencoding: raw\nspace origin: (0,0,0)\n\n";
  EXPECT_EQ(read("a.nrrd", header + bytes).data.scalar_type(), at::kFloat);
  const Volume kept = read_volume(folder_ / "a.nrrd", {.keep_double = true});
  EXPECT_EQ(kept.data[0][1][1][2].item<double>(), 0.1);
}

TEST_F(Itk, SaysWhatNrrdLeavesOut) {
  const Volume volume =
      read("a.nrrd", "NRRD0004\ntype: short\ndimension: 3\nsizes: 3 2 2\nendian: little\nencoding: raw\n\n" +
                         counting(12));
  EXPECT_FALSE(volume.spacing_known || volume.orientation_known);
  EXPECT_THAT(volume.warnings, Contains(HasSubstr("does not say how large a voxel is")));
}

const char kMeta[] =
    "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
    "CompressedData = False\nTransformMatrix = 0 1 0 -1 0 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 2 3 4\n"
    "DimSize = 3 2 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n";

TEST_F(Itk, ReadsMetaImage) {
  const Volume volume = read("a.mha", kMeta + counting(12));
  EXPECT_TRUE(at::equal(volume.data, at::arange(12).view({1, 2, 2, 3}).to(at::kShort)));
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(2, 3, 4));
  EXPECT_THAT(volume.geometry.origin, ElementsAre(1, 2, 3));
  // The first three numbers of TransformMatrix are the direction of the x axis.
  const auto p = volume.geometry.to_world({1, 0, 0});
  EXPECT_THAT(p, ElementsAre(1, 4, 3));
}

TEST_F(Itk, RefusesDamagedFiles) {
  EXPECT_THAT(refusal("a.nrrd", kNrrd + counting(5)), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal("a.mha", kMeta + counting(5)), HasSubstr("the file ends before its voxels do"));
  std::string apart = kMeta;
  apart.replace(apart.find("LOCAL"), 5, "absent.raw");
  EXPECT_THAT(refusal("a.mhd", apart), HasSubstr("absent.raw`, which is missing"));
  std::string absurd = kNrrd + counting(12);
  absurd.replace(absurd.find("3 2 2"), 5, "30000 20000 20000");
  EXPECT_THAT(refusal("a.nrrd", absurd), HasSubstr("more than the file can hold"));
  std::string flat = kNrrd + counting(12);
  flat.replace(flat.find("(0,3,0)"), 7, "(1,0,0)");
  EXPECT_THAT(refusal("a.nrrd", flat), HasSubstr("a.nrrd"));
  const std::string png = encode_png(at::randint(0, 255, {64, 64, 3}, at::kByte));
  EXPECT_THAT(refusal("a.png", png.substr(0, 60)), HasSubstr("a.png"));
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(Itk, SaysInOneLineWhatALibrarySaysInMany) {
  std::string header = kNrrd;
  header.replace(header.find("(0,3,0)"), 7, "(0,:,0)");
  EXPECT_THAT(refusal("a.nrrd", header + counting(12)),
              AllOf(HasSubstr("cannot be read ([nrrd]"), HasSubstr("space dimension is 3"),
                    HasSubstr("convert it to NIfTI"), Not(HasSubstr("\n")), Not(HasSubstr("itk::"))));
}

TEST_F(Itk, RefusesLengthsAndPlacesThatAreNone) {
  for (const char* spacing : {"0 3 4", "-2 3 4", "1e300 3 4"})
    EXPECT_THAT(
        refusal("a.mha", with(kMeta, "ElementSpacing = 2 3 4", std::string("ElementSpacing = ") + spacing) +
                             counting(12)),
        HasSubstr("the voxel size along x is not a length"))
        << spacing;
  EXPECT_THAT(refusal("b.mha", with(kMeta, "Offset = 1 2 3", "Offset = 1 1e300 3") + counting(12)),
              HasSubstr("the origin along y is"));
}

TEST_F(Itk, RefusesWhatHasNoVoxels) {
  EXPECT_THAT(refusal("a.mha", with(kMeta, "DimSize = 3", "DimSize = 0") + counting(12)),
              HasSubstr("a.mha: it has no voxels"));
  EXPECT_THAT(
      refusal("b.mha", with(kMeta, "ElementType", "ElementNumberOfChannels = 0\nElementType") + counting(12)),
      HasSubstr("b.mha: it has no voxels"));
}

TEST_F(Itk, RefusesToUnpackAllToSkipIt) {
  const std::string packed = with(kNrrd, "encoding: raw", "encoding: gzip");
  for (const auto& [skip, shown] : {std::pair("-1", "-1"), {"10000000000", "1e+10"}, {"much", "nan"}})
    EXPECT_THAT(refusal("a.nrrd", with(packed, "kinds:", "byte skip: " + std::string(skip) + "\nkinds:") +
                                      counting(12)),
                HasSubstr("`byte skip` is " + std::string(shown) + ", but its voxels are packed"));
  const std::string raw = with(kNrrd, "kinds:", "byte skip: -1\nkinds:");
  EXPECT_EQ(read("b.nrrd", raw + "junk" + counting(12)).data.flatten()[11].item<int>(), 11);
}

TEST_F(Itk, RefusesMoreThanAFileMayTake) {
  set_file_limits({.max_gib = 1e-9});
  EXPECT_THAT(refusal("a.nrrd", kNrrd + counting(12)),
              HasSubstr("its header promises 3 x 2 x 2 voxels, 0.0 GiB, more than the"));
  EXPECT_THAT(refusal("a.mha", kMeta + counting(12)), HasSubstr("raise cohort.max_gib_per_file"));
  set_file_limits({});
}

TEST_F(Itk, ReadsTiffWithoutInventingASpacing) {
  // 3 x 2 gray pixels, one strip, tags in ascending order.
  std::string bytes("II*\0\x08\0\0\0", 8);
  const auto put = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(uint16_t{8});
  const uint32_t tags[8][3] = {{256, 3, 3}, {257, 3, 2},   {258, 3, 8}, {259, 3, 1},
                               {262, 3, 1}, {273, 4, 110}, {278, 3, 2}, {279, 4, 6}};
  for (const auto& tag : tags) {
    put(static_cast<uint16_t>(tag[0])), put(static_cast<uint16_t>(tag[1])), put(uint32_t{1}), put(tag[2]);
  }
  put(uint32_t{0});
  ASSERT_EQ(bytes.size(), 110U);
  bytes += {10, 20, 30, 40, 50, 60};
  const Volume volume = read("a.tif", bytes);
  EXPECT_EQ(volume.data.sizes(), (at::IntArrayRef{1, 1, 2, 3}));
  EXPECT_EQ(volume.data[0][0][1][0].item<int>(), 40);
  EXPECT_FALSE(volume.spacing_known || volume.orientation_known);
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(1, 1, 1));
}

TEST_F(Itk, ReadsARealJpeg) {
  PHOTO51_NEEDS_SHARED_DATA("her2st/C3.jpg");
  const Volume volume = read_volume(test::shared_data() / "her2st/C3.jpg");
  EXPECT_EQ(volume.data.size(0), 3);
  EXPECT_THAT(volume.channels, ElementsAre("red", "green", "blue"));
  const std::string bytes = core::read_file(test::shared_data() / "her2st/C3.jpg");
  EXPECT_THAT(refusal("cut.jpg", bytes.substr(0, bytes.size() / 2)), HasSubstr("ends before its voxels do"));
  EXPECT_GT(volume.data[0].to(at::kFloat).mean().item<float>(), 150);  // stained tissue on white glass
}

}  // namespace
}  // namespace photo51::imaging
