#include "photo51/core/files.hpp"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "core/byte_source.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/regular_file.hpp"
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

TEST(Files, NoMoreIsReadThanIsAllowed) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "f", std::string(1000, 'x'));
  EXPECT_EQ(read_file(folder / "f", {1000, "why"}).size(), 1000U);
  const auto says =
      AllOf(HasSubstr("f: has 0.0 MiB or more, and at most 0.0 MiB are read"), HasSubstr("; why"));
  PHOTO51_EXPECT_ERROR(read_file(folder / "f", {999, "why"}), data, says);
  PHOTO51_EXPECT_ERROR(read_text(folder / "f", {999, "why"}), data, says);
  const std::string text(3 << 20, 'x');
  write_file_atomic(folder / "plain", text);
  ASSERT_EQ(
      std::system(("gzip -c " + (folder / "plain").string() + " >" + (folder / "packed").string()).c_str()),
      0);
  EXPECT_EQ(read_text(folder / "packed", {3 << 20, "why"}), text);
  PHOTO51_EXPECT_ERROR(
      read_text(folder / "packed", {2 << 20, "why"}), data,
      AllOf(HasSubstr("packed: unpacks to 3.0 MiB or more, and at most 2.0 MiB"), HasSubstr("why")));
  PHOTO51_EXPECT_ERROR(read_text(folder / "packed", {100, "why"}), data, HasSubstr("packed: has 0.0 MiB"));
  // What says that it is empty and is not.
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("VmRSS"));
}

TEST(Files, WhatUnpacksToFarMoreThanTextDoesIsRefusedEarly) {
  const test::TemporaryFolder folder;
  const std::string packed = (folder / "bomb.csv.gz").string();
  ASSERT_EQ(std::system(("head -c 200000000 /dev/zero | gzip -9 >" + packed).c_str()), 0);
  const int64_t before = peak_resident_bytes();
  PHOTO51_EXPECT_ERROR(read_text(packed), data,
                       HasSubstr("bomb.csv.gz: unpacks to more than 500 times its size"));
  EXPECT_LT(peak_resident_bytes() - before, 150'000'000) << "of 200 million";
}

TEST(Files, MemoryThatIsNotThereIsNotTaken) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "f", "x");
  std::filesystem::resize_file(folder / "f", 700'000'000);  // sparse
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_DATA, &limit), 0);
  rlimit small = limit;
  small.rlim_cur = 400'000'000;
  ASSERT_EQ(::setrlimit(RLIMIT_DATA, &small), 0);
  const auto error = test::error_of([&] { read_file(folder / "f"); });
  ::setrlimit(RLIMIT_DATA, &limit);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->fault(), Fault::run);
  EXPECT_THAT(error->what(), AllOf(HasSubstr("f: reading it needs"), HasSubstr("more than is left")));
}

TEST(Files, LinksThatLeadNowhereOrInACircleAreNoFiles) {
  const test::TemporaryFolder folder;
  std::filesystem::create_symlink("absent", folder / "dangling");
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_directory_symlink(".", folder / "here");
  std::filesystem::create_directory(folder / "sub");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  write_file_atomic(folder / "b", "x");
  std::filesystem::create_symlink("b", folder / "a");
  PHOTO51_EXPECT_ERROR(read_file(folder / "dangling"), data,
                       HasSubstr("dangling: no such file (it is a link that leads nowhere)"));
  PHOTO51_EXPECT_ERROR(read_file(folder / "loop"), data, HasSubstr("loop: is a link that runs in a circle"));
  EXPECT_EQ(regular_files_in(folder.path()),
            (std::vector<std::filesystem::path>{folder / "a", folder / "b"}));
  PHOTO51_EXPECT_ERROR(regular_files_in(folder / "absent"), data,
                       HasSubstr("absent: the folder cannot be read: No such file"));
}

TEST(Files, AReadThatFailsSaysWhy) {
  const RegularFile memory("/proc/self/mem");  // nothing lies at its start: fails as a broken disk does
  char byte = 0;
  PHOTO51_EXPECT_ERROR(memory.read(&byte, 1), data,
                       HasSubstr("/proc/self/mem: reading failed: Input/output error"));
}

TEST(Files, APipeThatTakesTheNameOfAFileIsNotWaitedFor) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  write_file_atomic(folder / "file", "x");
  const auto name = folder / "name";
  std::atomic<bool> done{false};
  std::jthread swaps([&] {
    while (!done)
      for (const char* target : {"file", "fifo"}) {
        std::filesystem::create_symlink(target, folder / "new");
        std::filesystem::rename(folder / "new", name);
      }
  });
  while (!std::filesystem::is_symlink(std::filesystem::symlink_status(name))) std::this_thread::yield();
  for (int i = 0; i < 2000; ++i) {
    try {
      EXPECT_EQ(read_file(name), "x");
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("not a regular file but a pipe"));
    }
  }
  done = true;
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
