#include "photo51/core/temporary.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::core {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t somebody = 54321;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

mode_t mode_of(const fs::path& path) {
  struct stat is {};
  EXPECT_EQ(::stat(path.c_str(), &is), 0);
  return is.st_mode & 0777U;
}

TEST(Temporary, IsKnownByItsName) {
  EXPECT_EQ(temporary_of(temporary_for("/x/metrics.csv").filename().string()), "metrics.csv");
  EXPECT_EQ(temporary_of(temporary_for("a.tmp1_2").filename().string()), "a.tmp1_2");
  EXPECT_EQ(temporary_of("metrics.csv.tmp123_4"), "metrics.csv") << "of an earlier version";
  EXPECT_EQ(temporary_of("metrics.csv.tmp123_00ff00ff00ff00ff"), "metrics.csv");
  for (const char* name : {"paper.tmp", "paper.tmp12", "paper.tmp12_", "paper.tmp_1", "paper.tmp12_3a",
                           "paper.tmp12_00ff00ff00ff00f", "paper.tmp12_00FF00FF00FF00FF",
                           "paper.tmpx_00ff00ff00ff00ff", ".tmp1_2", "x"})
    EXPECT_EQ(temporary_of(name), "") << name;
}

TEST(Temporary, CannotBeGuessed) {
  // One process, one path: the numbers that a writer counted up were all that differed.
  std::set<std::string> ends;
  for (int i = 0; i < 100; ++i) {
    const std::string name = temporary_for("a").string();
    ends.insert(name.substr(name.rfind('_')));
  }
  EXPECT_EQ(ends.size(), 100U);
}

TEST(Temporary, BecomesItsTargetOrNothing) {
  const test::TemporaryFolder folder;
  {
    TemporaryFile file(folder / "f");
    EXPECT_EQ(temporary_of(*names_in(folder.path()).begin()), "f");
    file.write("whole");
    file.put();
  }
  EXPECT_EQ(read_file(folder / "f"), "whole");
  {
    const TemporaryFile left(folder / "f");
    left.write("half");
  }
  EXPECT_EQ(read_file(folder / "f"), "whole");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"f"});
}

TEST(Temporary, HasTheRightsThatTheUmaskLeaves) {
  const test::TemporaryFolder folder;
  const mode_t before = ::umask(0);
  write_file_atomic(folder / "open", "x");
  ::umask(077);
  write_file_atomic(folder / "closed", "x");
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "open"), 0644U);
  EXPECT_EQ(mode_of(folder / "closed"), 0600U);
}

TEST(Temporary, SaysWhyItCannotBeMade) {
  const test::TemporaryFolder folder;
  PHOTO51_EXPECT_ERROR(TemporaryFile file(folder / "absent/f"), run,
                       AllOf(HasSubstr("absent/f: cannot be written: No such file"),
                             HasSubstr("choose a folder that you may write to")));
  const TemporaryFile file(folder / "f");
  PHOTO51_EXPECT_ERROR(file.fail("the disk is gone"), run,
                       AllOf(HasSubstr("f: writing failed: the disk is gone"), HasSubstr("free some space")));
}

/// A shared folder in which somebody planted links to a file of ours.
class PlantedLinks : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / "shared");
    fs::create_directory(folder_ / "home");
    write_file_atomic(folder_ / "home/precious", "mine");
  }
  void plant(const std::string& name, const fs::path& target, uid_t owner = somebody) const {
    fs::create_symlink(target, folder_ / ("shared/" + name));
    ASSERT_EQ(::lchown((folder_ / ("shared/" + name)).c_str(), owner, static_cast<gid_t>(-1)), 0);
  }
  void expect_untouched() const {
    EXPECT_EQ(read_file(folder_ / "home/precious"), "mine");
    EXPECT_EQ(names_in(folder_ / "home"), std::set<std::string>{"precious"});
  }
  test::TemporaryFolder folder_;
};

TEST_F(PlantedLinks, UnderTheNameOfAnEarlierVersionsTemporaryAreNotFollowed) {
  for (int number = 0; number < 200; ++number)
    plant("f.tmp" + std::to_string(::getpid()) + "_" + std::to_string(number), folder_ / "home/precious",
          ::geteuid());
  for (int i = 0; i < 50; ++i) write_file_atomic(folder_ / "shared/f", "result");
  EXPECT_EQ(read_file(folder_ / "shared/f"), "result");
  expect_untouched();
}

TEST_F(PlantedLinks, OfAnotherUserAreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a link to another user";
  plant("result.csv", folder_ / "home/precious");
  plant("out", folder_ / "home");
  plant("dangling", folder_ / "home/new");
  fs::create_symlink("result.csv", folder_ / "shared/mine");  // one's own, and behind it another's
  fs::create_symlink("shared/out/..", folder_ / "round");
  const auto refuses = AllOf(HasSubstr("is a link that belongs to another user (number 54321)"),
                             HasSubstr("remove the link, or name the place that you mean"));
  for (const char* name : {"shared/result.csv", "shared/out/precious", "shared/dangling", "shared/mine",
                           "round/home/precious", "shared/../shared/out/precious"}) {
    SCOPED_TRACE(name);
    PHOTO51_EXPECT_ERROR(write_file_atomic(folder_ / name, "result"), run, refuses);
    PHOTO51_EXPECT_ERROR(behind_links(folder_ / name), run, refuses);
  }
  PHOTO51_EXPECT_ERROR(make_directories(folder_ / "shared/out/a/b"), run, refuses);
  expect_untouched();
}

TEST_F(PlantedLinks, AddingALineFollowsNone) {
  plant("log.jsonl", folder_ / "home/precious", ::geteuid());
  PHOTO51_EXPECT_ERROR(
      append_line(folder_ / "shared/log.jsonl", "x"), run,
      AllOf(HasSubstr("log.jsonl: cannot be written"), HasSubstr("remove it if it is a link")));
  fs::create_hard_link(folder_ / "home/precious", folder_ / "shared/hard");
  PHOTO51_EXPECT_ERROR(append_line(folder_ / "shared/hard", "x"), run,
                       HasSubstr("another file's second name"));
  expect_untouched();
}

TEST(Files, LinesAreAdded) {
  const test::TemporaryFolder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
}

}  // namespace
}  // namespace photo51::core
