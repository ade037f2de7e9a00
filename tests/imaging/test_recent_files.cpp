#include "imaging/recent_files.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "imaging/dicom/stream.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/imaging/privacy/privacy.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/referenced_files.hpp"
#include "support/dicom_objects.hpp"
#include "support/opened.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

class RecentFilesTest : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  test::TemporaryFolder folder_;
};

TEST_F(RecentFilesTest, AFileIsOpenedOnceUntilItChanges) {
  const fs::path a = write("a", "one"), b = write("b", "two");
  test::wait_until_settled(folder_.path());
  RecentFiles files;
  test::Opened opened(folder_.path());
  EXPECT_EQ(files.held(a), nullptr);
  EXPECT_EQ(*files.read(a), "one");
  EXPECT_EQ(*files.read(a), "one");
  EXPECT_EQ(*files.held(a), "one");
  EXPECT_EQ(opened.most(), 1);
  {
    const core::RegularFile file(b);
    EXPECT_EQ(*files.read(b, file.descriptor()), "two");
    EXPECT_EQ(*files.read(b), "two");
    EXPECT_EQ(opened.counts().at(b), 1);
    char first = 0;
    EXPECT_EQ(file.read(&first, 1), 1U);
    EXPECT_EQ(first, 't') << "the position has moved";
  }
  // As long as before.
  write("a", "new");
  EXPECT_EQ(files.held(a), nullptr);
  EXPECT_EQ(*files.read(a), "new");
  EXPECT_EQ(files.held(a), nullptr) << "it could change again within the clock's granularity";
  // Another file under its name, and none.
  fs::rename(a, b);
  EXPECT_EQ(*files.read(b), "new");
  EXPECT_EQ(files.read(a), nullptr);
}

TEST_F(RecentFilesTest, WhatIsHeldIsBounded) {
  const fs::path a = write("a", "12345678"), b = write("b", "abcdefgh"), c = write("c", "ABCDEFGH");
  const fs::path large = write("large", "123456789"), empty = write("empty", "");
  test::wait_until_settled(folder_.path());
  RecentFiles files(RecentFiles::Limits{.file = 8, .all = 16});
  EXPECT_EQ(files.read(large), nullptr);
  EXPECT_EQ(files.read(empty), nullptr);
  EXPECT_EQ(files.read(folder_.path()), nullptr);
  EXPECT_EQ(files.read(folder_ / "absent"), nullptr);
  const FileBytes first = files.read(a);
  files.read(b);
  files.read(a);  // so that b is the one asked for longest ago
  files.read(c);
  EXPECT_EQ(files.held(b), nullptr);
  EXPECT_EQ(files.held(a), first);
  EXPECT_EQ(*files.held(c), "ABCDEFGH");
  EXPECT_EQ(*files.read(b), "abcdefgh");
  EXPECT_EQ(files.held(a), nullptr);
  EXPECT_EQ(*first, "12345678");
}

TEST_F(RecentFilesTest, ThreadsShareThem) {
  std::vector<fs::path> paths;
  for (int i = 0; i < 16; ++i)
    paths.push_back(write(std::to_string(i), std::string(100, static_cast<char>('a' + i))));
  test::wait_until_settled(folder_.path());
  RecentFiles files(RecentFiles::Limits{.file = 100, .all = 500});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 400; ++i) {
        const size_t at = (i * (t + 1) + t) % paths.size();
        const FileBytes bytes = files.read(paths[at]);
        wrong += bytes == nullptr || *bytes != std::string(100, static_cast<char>('a' + at));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

/// What looks for the patient, hashes and reads a slice one after the other opens it once, its pixels
/// (8 kB, which DCMTK leaves for later) included.
TEST_F(RecentFilesTest, ASliceIsOpenedOnceByAllReaders) {
  const fs::path slice = folder_ / "a.dcm";
  test::write_slice(slice, "CT", 64, 0, 7);
  test::wait_until_settled(folder_.path());
  {
    test::Opened opened(slice);
    identity_of(folder_.path());
    EXPECT_EQ(detect_format(slice), Format::dicom);
    EXPECT_TRUE(referenced_files(slice).empty());
    const std::string hash = content_hash(slice);
    EXPECT_EQ(read_volume(slice).data.max().item<int>(), 7);
    EXPECT_EQ(read_volume(folder_.path()).data.max().item<int>(), 7);
    EXPECT_EQ(opened.most(), 1);
    EXPECT_EQ(hash, core::hash_file(slice));
  }
  const auto size = fs::file_size(slice);
  test::write_slice(slice, "CT", 64, 0, 8);
  ASSERT_EQ(fs::file_size(slice), size);
  EXPECT_EQ(read_volume(slice).data.max().item<int>(), 8);
  EXPECT_EQ(content_hash(slice), core::hash_file(slice));
}

std::string printed(DcmFileFormat& file) {
  std::ostringstream text;
  file.print(text);
  return text.str();
}

/// Whatever DCMTK makes of a file, sound, deflated or cut off, it makes of the file's bytes.
TEST_F(RecentFilesTest, BytesAreReadAsTheFileIs) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  const fs::path path = folder_ / "a.dcm";
  for (const E_TransferSyntax syntax : {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit,
                                        EXS_BigEndianExplicit, EXS_DeflatedLittleEndianExplicit}) {
    test::write_slice(path, "CT", 64, 0, 7);
    DcmFileFormat made;
    ASSERT_TRUE(made.loadFile(path.c_str()).good());
    made.loadAllDataIntoMemory();
    test::put(test::add_item(*made.getDataset(), DCM_RadiopharmaceuticalInformationSequence),
              DCM_RadionuclideTotalDose, "1e8");
    ASSERT_TRUE(made.saveFile(path.c_str(), syntax).good());
    const std::string whole = core::read_file(path);
    for (size_t length = whole.size(); length > 0; length = length < 300 ? 0 : length - length / 5) {
      write("a.dcm", whole.substr(0, length));
      const auto bytes = std::make_shared<const std::string>(whole.substr(0, length));
      DcmFileFormat from_file, from_bytes;
      const OFCondition read = from_file.loadFile(path.c_str());
      const OFCondition same = load_from_bytes(from_bytes, bytes, path);
      EXPECT_EQ(std::string(same.text()), read.text()) << length;
      if (length < whole.size()) continue;  // the memory for values that are not there stays undefined
      EXPECT_TRUE(printed(from_bytes) == printed(from_file));
      from_file.loadAllDataIntoMemory();
      from_bytes.loadAllDataIntoMemory();
      EXPECT_TRUE(printed(from_bytes) == printed(from_file));
    }
  }
}

TEST_F(RecentFilesTest, PixelsComeFromTheFileWhenTheBytesWereLetGo) {
  const fs::path path = folder_ / "a.dcm";
  test::write_slice(path, "CT", 64, 0, 7);
  DcmFileFormat file;
  ASSERT_TRUE(load_from_bytes(file, std::make_shared<const std::string>(core::read_file(path)), path).good());
  test::Opened opened(path);
  const Uint16* pixels = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(file.getDataset()->findAndGetUint16Array(DCM_PixelData, pixels, &count).good());
  EXPECT_EQ(opened.most(), 1);
  ASSERT_EQ(count, 64U * 64U);
  EXPECT_EQ(pixels[count - 1], 7);
}

}  // namespace
}  // namespace photo51::imaging
