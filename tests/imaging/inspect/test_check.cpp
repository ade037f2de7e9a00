#include "photo51/imaging/inspect/check.hpp"

#include <ATen/ATen.h>
#include <sys/stat.h>

#include <fstream>

#include "photo51/core/files.hpp"
#include "photo51/imaging/write.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    Volume volume;
    volume.data = at::arange(8 * 8 * 8, at::kFloat).view({1, 8, 8, 8});
    volume.geometry.size = {8, 8, 8};
    write_nifti(volume, folder_ / "sound.nii");
    write_nifti(volume, folder_ / "sound.nii.gz");
  }
  void cut(const std::string& from, const std::string& to, size_t bytes) const {
    core::write_file_atomic(folder_ / to, core::read_file(folder_ / from).substr(0, bytes));
  }
  test::TemporaryFolder folder_;
};

TEST_F(CheckTest, SoundFilesPass) {
  check_header(folder_ / "sound.nii");
  check_header(folder_ / "sound.nii.gz");
  std::filesystem::create_directory(folder_ / "series");
  core::write_file_atomic(folder_ / "series/0.dcm", "anything");
  check_header(folder_ / "series");
  check_header(folder_.path() / "series#1.2.3");
  core::write_file_atomic(folder_ / "slide.png", std::string("\x89PNG\r\n\x1a\n") + std::string(100, ' '));
  check_slide(folder_ / "slide.png");
}

TEST_F(CheckTest, FilesThatReadingWouldRefuseForSure) {
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "absent.nii"), data, HasSubstr("absent.nii: no such file"));
  core::write_file_atomic(folder_ / "empty.nii", "");
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "empty.nii"), data, HasSubstr("empty.nii: the file is empty"));
  cut("sound.nii", "cut.nii", 1000);
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "cut.nii"), data,
                       AllOf(HasSubstr("cut.nii: "), HasSubstr("8 x 8 x 8"), HasSubstr("copy it again")));
  cut("sound.nii", "header.nii", 100);
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "header.nii"), data, HasSubstr("header.nii: "));
  core::write_file_atomic(folder_ / "words.nii", "these are words");
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "words.nii"), data, HasSubstr("named as NIfTI"));
  core::write_file_atomic(folder_ / "words.txt", "these are words");
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "words.txt"), data, HasSubstr("not an image"));
  PHOTO51_EXPECT_ERROR(check_slide(folder_ / "words.txt"), data, HasSubstr("not a slide"));
  core::write_file_atomic(folder_ / "header.mhd",
                          "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
                          "ElementDataFile = voxels.raw\n");
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "header.mhd"), data, HasSubstr("voxels.raw"));
  core::write_file_atomic(folder_ / "voxels.raw", "12345678");
  check_header(folder_ / "header.mhd");
  std::filesystem::create_directories(folder_ / "hollow/inside");
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "hollow"), data, HasSubstr("holds no file"));
  PHOTO51_EXPECT_ERROR(check_slide(folder_ / "hollow"), data, HasSubstr("holds no file"));
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  PHOTO51_EXPECT_ERROR(check_header(folder_ / "fifo"), data, HasSubstr("fifo: is not a regular file"));
  PHOTO51_EXPECT_ERROR(check_slide(folder_ / "fifo"), data, HasSubstr("fifo: is not a regular file"));
}

}  // namespace
}  // namespace photo51::imaging
