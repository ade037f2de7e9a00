#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using test::refusal;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A CSA header of the second kind with these entries.
std::string csa(const std::vector<std::pair<std::string, std::vector<std::string>>>& entries) {
  const auto word = [](size_t value) {
    std::string bytes(4, '\0');
    const auto number = static_cast<uint32_t>(value);
    std::memcpy(bytes.data(), &number, 4);
    return bytes;
  };
  std::string all = std::string("SV10\4\3\2\1") + word(entries.size()) + word(77);
  for (const auto& [name, items] : entries) {
    std::string label = name;
    label.resize(64, '\0');
    all += label + word(items.size()) + std::string("DS\0\0", 4) + word(3) + word(items.size()) + word(77);
    for (const std::string& item : items) {
      std::string text = item;
      text.resize((item.size() + 3) / 4 * 4, '\0');
      all += word(item.size()) + word(item.size()) + word(77) + word(item.size()) + text;
    }
  }
  return all;
}

class DicomMosaic : public testing::Test {
 protected:
  /// Three slices of 2 x 2 pixels in a mosaic of 4 x 4; slice k holds 10 k to 10 k + 3.
  void save(const std::string& name, const std::string& header, const test::DicomEdits& edits = {},
            int add = 0) {
    DcmFileFormat file;
    const fs::path path = folder_ / name;
    test::write_slice(path, "MR", 4, -20, 0,
                      {{DCM_ImageType, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE\\MOSAIC"},
                       {DCM_ImagePositionPatient, "-10\\-10\\-20"},
                       {DCM_PixelSpacing, "2\\3"},
                       {DCM_SpacingBetweenSlices, "5"}});
    ASSERT_TRUE(file.loadFile(path.c_str()).good());
    file.loadAllDataIntoMemory();
    DcmDataset& d = *file.getDataset();
    for (const auto& [tag, text] : edits) test::put(d, tag, text);
    std::vector<Uint16> pixels(16, 0);
    for (size_t k = 0; k < 3; ++k)
      for (size_t i = 0; i < 4; ++i)
        pixels[(k / 2 * 2 + i / 2) * 4 + k % 2 * 2 + i % 2] =
            static_cast<Uint16>(10 * k + i + static_cast<size_t>(add));
    d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), 16);
    if (!header.empty()) {
      d.putAndInsertString(DcmTag(0x0029, 0x0010, EVR_LO), "SIEMENS CSA HEADER");
      d.putAndInsertUint8Array(DcmTag(0x0029, 0x1010, EVR_OB), reinterpret_cast<const Uint8*>(header.data()),
                               static_cast<unsigned long>(header.size()));
    }
    test::save(file, path);
  }
  static std::string good(const char* z = "1") {
    return csa({{"EchoLinePosition", {"32"}},
                {"NumberOfImagesInMosaic", {"3"}},
                {"SliceNormalVector", {"0", "0", z}}});
  }
  test::TemporaryFolder folder_;
};

TEST_F(DicomMosaic, BecomesTheSlicesThatItHolds) {
  save("a.dcm", good());
  const Volume volume = read_volume(folder_ / "a.dcm");
  EXPECT_THAT(volume.data.sizes(), ElementsAre(1, 3, 2, 2));
  EXPECT_TRUE(at::equal(volume.data[0][1].flatten().to(at::kLong), at::tensor({10, 11, 12, 13})));
  EXPECT_TRUE(at::equal(volume.data[0][2].flatten().to(at::kLong), at::tensor({20, 21, 22, 23})));
  EXPECT_THAT(volume.geometry.spacing, ElementsAre(3, 2, 5));
  // The middle of the mosaic is that of each slice: (4 - 2) / 2 pixels from its corner.
  EXPECT_THAT(volume.geometry.origin, ElementsAre(-7, -8, -20));
  const Inspection found = inspect(folder_ / "a.dcm");
  EXPECT_THAT(found.size.value(), ElementsAre(2, 2, 3));
  EXPECT_EQ(found.max, 23);
  EXPECT_THAT(found.warnings, testing::IsEmpty());
}

TEST_F(DicomMosaic, MayRunAgainstTheNormal) {
  save("a.dcm", good("-1"));
  const Volume volume = read_volume(folder_ / "a.dcm");
  EXPECT_NEAR(volume.geometry.origin[2], -30, 1e-9);  // the third slice is the lowest
  EXPECT_TRUE(at::equal(volume.data[0][0].flatten().to(at::kLong), at::tensor({20, 21, 22, 23})));
}

TEST_F(DicomMosaic, OfDiffusionBecomesChannels) {
  save("dwi/1.dcm", good(), {{DCM_DiffusionBValue, "0"}, {DCM_InstanceNumber, "1"}}, 100);
  save("dwi/2.dcm", good(), {{DCM_DiffusionBValue, "800"}, {DCM_InstanceNumber, "2"}});
  const Volume dwi = read_volume(folder_ / "dwi");
  EXPECT_THAT(dwi.channels, ElementsAre("b0", "b800"));
  EXPECT_THAT(dwi.data.sizes(), ElementsAre(2, 3, 2, 2));
  EXPECT_NEAR(dwi.data[0][2][1][1].item<double>(), 123, 1e-4);
  EXPECT_NEAR(dwi.data[1][2][1][1].item<double>(), 23, 1e-4);
}

TEST_F(DicomMosaic, IsRefusedWhereItsSlicesAreNotKnown) {
  const auto why = [&](const std::string& header, const test::DicomEdits& edits = {}) {
    save("a.dcm", header, edits);
    const std::string message = refusal(folder_ / "a.dcm");
    EXPECT_THAT(message, HasSubstr("a.dcm: is a MOSAIC"));
    EXPECT_THAT(inspect(folder_ / "a.dcm").error, HasSubstr("MOSAIC"));
    return message;
  };
  EXPECT_THAT(why(""), HasSubstr("private CSA header (0029,xx10)"));
  EXPECT_THAT(why(good().substr(0, 200)), HasSubstr("private CSA header (0029,xx10)"));
  EXPECT_THAT(why(csa({{"NumberOfImagesInMosaic", {"3"}}})), HasSubstr("SliceNormalVector"));
  EXPECT_THAT(why(csa({{"NumberOfImagesInMosaic", {"7"}}, {"SliceNormalVector", {"0", "0", "1"}}})),
              HasSubstr("NumberOfImagesInMosaic (7) does not fit"));
  EXPECT_THAT(why(csa({{"NumberOfImagesInMosaic", {"3"}}, {"SliceNormalVector", {"1", "0", "0"}}})),
              HasSubstr("is not the normal"));
  EXPECT_THAT(why(good(), {{DCM_SpacingBetweenSlices, ""}}), HasSubstr("SpacingBetweenSlices (0018,0088)"));
}

TEST_F(DicomMosaic, WithoutTheWordIsKnownByItsCount) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c01_mosaic");
  const fs::path cases = test::shared_cases() / "dicom/c01_mosaic";
  EXPECT_THAT(refusal(cases / "one/000.IMA"), HasSubstr("MOSAIC"));
  EXPECT_THAT(refusal(cases / "dwi"), HasSubstr("MOSAIC"));
  test::edit_dicom(cases / "one/000.IMA", folder_ / "plain.dcm", {{DCM_ImageType, "ORIGINAL\\PRIMARY"}});
  EXPECT_THAT(refusal(folder_ / "plain.dcm"), HasSubstr("MOSAIC"));
}

}  // namespace
}  // namespace photo51::imaging
