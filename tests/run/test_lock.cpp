#include "photo51/run/lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "run/run_files.hpp"

namespace photo51::run {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Lock, OneAtATime) {
  const test::TemporaryFolder folder;
  {
    Lock first(folder.path());
    PHOTO51_EXPECT_ERROR(Lock(folder.path()), run,
                         AllOf(HasSubstr("another process"), HasSubstr("photo51.lock")));
    const Lock handed_on = std::move(first);
    EXPECT_TRUE(test::error_of([&] { Lock(folder.path()); }).has_value());
  }
  const Lock again(folder.path());
}

TEST(Lock, EndsWithItsProcess) {
  const test::TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const Lock lock(folder.path());
    test::put(folder / "locked", "");
    ::pause();
    ::_exit(0);
  }
  while (!std::filesystem::exists(folder / "locked"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(test::error_of([&] { Lock(folder.path()); }).has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const Lock lock(folder.path());  // the file is still there, and blocks nobody
}

TEST(Lock, AFolderThatIsNotThere) {
  const test::TemporaryFolder folder;
  PHOTO51_EXPECT_ERROR(Lock(folder / "nowhere"), run, HasSubstr("cannot be written"));
}

TEST(Lock, APlantedLinkIsNotFollowed) {
  const test::TemporaryFolder folder;
  test::put(folder / "empty", "");
  std::filesystem::create_symlink("empty", folder / "photo51.lock");
  PHOTO51_EXPECT_ERROR(Lock(folder.path()), run, HasSubstr("photo51.lock: cannot be written"));
  PHOTO51_EXPECT_ERROR(Lock(folder.path()), run, HasSubstr("a link, which a run never makes: remove it"));
  EXPECT_EQ(std::filesystem::file_size(folder / "empty"), 0U);
}

}  // namespace
}  // namespace photo51::run
