#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "core/byte_source.hpp"
#include "photo51/core/temporary.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

size_t files_in(const std::filesystem::path& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(Files, WrittenContentReadsBackAndReplaces) {
  const test::TemporaryFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  write_file_atomic(folder / "f", bytes);
  EXPECT_EQ(read_file(folder / "f"), bytes);
  write_file_atomic(folder / "f", "new");
  EXPECT_EQ(read_file(folder / "f"), "new");
  write_file_atomic(folder / "f", "");
  EXPECT_EQ(read_file(folder / "f"), "");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(Files, ALinkStaysAndItsTargetIsWritten) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "big");
  std::filesystem::create_symlink("big/f", folder / "link");  // to what is not there yet
  std::filesystem::create_symlink("link", folder / "again");
  for (const char* text : {"old", "new"}) {
    write_file_atomic(folder / "again", text);
    EXPECT_EQ(read_file(folder / "big/f"), text);
  }
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link") && std::filesystem::is_symlink(folder / "again"));
  EXPECT_EQ(files_in(folder / "big"), 1U);
  EXPECT_EQ(behind_links(folder / "again"), folder / "big/f");
  EXPECT_EQ(behind_links(folder / "big"), folder / "big");
}

TEST(Files, ReadersSeeOldOrNewNeverAPart) {
  const test::TemporaryFolder folder;
  const std::string a(200000, 'a'), b(300000, 'b');
  write_file_atomic(folder / "f", a);
  const auto write = [&](const std::string& content) {
    for (int i = 0; i < 10; ++i) write_file_atomic(folder / "f", content);
  };
  std::jthread first([&] { write(a); }), second([&] { write(b); });
  for (int i = 0; i < 50; ++i) {
    const auto content = read_file(folder / "f");
    EXPECT_TRUE(content == a || content == b) << content.size();
  }
}

TEST(Files, MissingOrUnreadableFilesAreDataErrors) {
  const test::TemporaryFolder folder;
  PHOTO51_EXPECT_ERROR(read_file(folder / "absent"), data, HasSubstr("absent: no such file"));
  PHOTO51_EXPECT_ERROR(read_file(folder.path()), data, HasSubstr("is a folder, not a file"));
  PHOTO51_EXPECT_ERROR(hash_file(folder / "absent"), data, HasSubstr("absent: no such file"));
  PHOTO51_EXPECT_ERROR(hash_file(folder.path()), data, HasSubstr("is a folder, not a file"));
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  write_file_atomic(folder / "secret", "x");
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::none);
  PHOTO51_EXPECT_ERROR(read_file(folder / "secret"), data, HasSubstr("cannot be read"));
}

TEST(Files, WhatWouldNeverEndIsNotOpened) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", folder / "link");
  for (const auto& path : {folder / "fifo", folder / "link"}) {
    const auto says = HasSubstr(path.string() + ": is not a regular file but a pipe");
    PHOTO51_EXPECT_ERROR(read_file(path), data, says);
    PHOTO51_EXPECT_ERROR(read_text(path), data, says);
    PHOTO51_EXPECT_ERROR(hash_file(path), data, says);
    PHOTO51_EXPECT_ERROR(ByteSource source(path), data, says);
  }
  PHOTO51_EXPECT_ERROR(read_file("/dev/zero"), data, HasSubstr("not a regular file but a device"));
  write_file_atomic(folder / "f", "x");
  std::filesystem::create_symlink("f", folder / "sound");
  EXPECT_EQ(read_file(folder / "sound"), "x");
  require_readable(folder / "sound");
  PHOTO51_EXPECT_ERROR(require_readable(folder / "absent"), data, HasSubstr("cannot be read"));
}

TEST(Files, TextIsUnpackedWhenGzipped) {
  const test::TemporaryFolder folder;
  std::string text = "gene\tvalue\n";
  for (int i = 0; i < 40000; ++i) text += std::to_string(i * i) + "\n";
  write_file_atomic(folder / "plain", text);
  EXPECT_EQ(read_text(folder / "plain"), text);
  const std::string pack = "cd " + folder.path().string() + " && head -c 1000 plain | gzip >packed && " +
                           "tail -c +1001 plain | gzip >>packed && head -c 9000 packed >cut_off";
  ASSERT_EQ(std::system(pack.c_str()), 0);
  EXPECT_EQ(read_text(folder / "packed"), text) << "two members follow each other";
  PHOTO51_EXPECT_ERROR(read_text(folder / "cut_off"), data,
                       AllOf(HasSubstr("cut_off"), HasSubstr("copy the file")));
  std::string damaged = read_file(folder / "packed");
  damaged[damaged.size() / 2] ^= 0x55;
  damaged[damaged.size() / 2 + 1] ^= 0x55;
  write_file_atomic(folder / "damaged", damaged);
  PHOTO51_EXPECT_ERROR(read_text(folder / "damaged"), data, HasSubstr("damaged"));
  PHOTO51_EXPECT_ERROR(read_text(folder / "missing"), data, HasSubstr("no such file"));
}

TEST(Files, UnwritablePlacesAreRunErrors) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "f", "x");
  PHOTO51_EXPECT_ERROR(write_file_atomic(folder / "absent/f", "y"), run,
                       HasSubstr("cannot be written: No such file"));
  PHOTO51_EXPECT_ERROR(make_directories(folder / "f/below"), run, HasSubstr("cannot create the folder"));
  std::filesystem::create_directory(folder / "d");
  PHOTO51_EXPECT_ERROR(write_file_atomic(folder / "d", "y"), run, HasSubstr("writing failed"));
  EXPECT_EQ(files_in(folder.path()), 2U);
  make_directories(folder / "a/b/c");
  make_directories(folder / "a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
}

TEST(Files, WhenWritingStopsTheOldContentStays) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "f", "old");
  // A limit on the size of files stops a write in the middle, as a full disk does.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto error = test::error_of([&] { write_file_atomic(folder / "f", std::string(1 << 20, 'n')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->fault(), Fault::run);
  EXPECT_THAT(error->what(),
              AllOf(HasSubstr("writing failed: File too large"), HasSubstr("free some space")));
  EXPECT_EQ(read_file(folder / "f"), "old");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(Files, AFullDiskIsARunErrorThatSaysSo) {
  const test::TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "only root may mount a small disk";
  write_file_atomic(folder / "f", "old");
  const auto error = test::error_of([&] { write_file_atomic(folder / "f", std::string(1 << 20, 'n')); });
  const auto kept = read_file(folder / "f");
  const auto left = files_in(folder.path());
  ::umount(folder.path().c_str());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->fault(), Fault::run);
  EXPECT_THAT(error->what(), HasSubstr("No space left on device; free some space"));
  EXPECT_EQ(kept, "old");
  EXPECT_EQ(left, 1U);
}

TEST(Files, HashesAreXxh3) {
  EXPECT_EQ(hash_bytes(""), "99aa06d3014798d86001c324468d497f");
  const test::TemporaryFolder folder;
  const std::string large(3 << 20, 'x');
  write_file_atomic(folder / "f", large);
  EXPECT_EQ(hash_file(folder / "f"), hash_bytes(large));
  EXPECT_NE(hash_bytes("a"), hash_bytes("b"));
  EXPECT_EQ(hash_bytes("a").size(), 32U);
}

}  // namespace
}  // namespace photo51::core
