#include "photo51/run/format.hpp"

#include "photo51/core/version.hpp"
#include "run/run_files.hpp"

namespace photo51::run {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Format, OlderRunsAreRead) {
  const test::TemporaryFolder folder;
  check_format(folder / "nowhere");
  test::put_run(folder / "run");  // says no format
  check_format(folder / "run");
  test::put(folder / "run/environment.json", R"({"photo51": "0.1.0", "format": 1})");
  check_format(folder / "run");
  test::put(folder / "run/environment.json", "[");  // who reads it says that it is broken
  check_format(folder / "run");
}

TEST(Format, ANewerOneIsRefusedByThisVersion) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put(run / "environment.json", R"({"photo51": "9.0.0", "format": 2})");
  PHOTO51_EXPECT_ERROR(
      check_format(run), data,
      AllOf(HasSubstr(run.string() + ": is a run of format 2"),
            HasSubstr(std::string("this photo51 ") + core::version()), HasSubstr("use a newer photo51")));
  for (const char* wrong : {R"({"format": "1"})", R"({"format": 0})", R"({"format": null})"}) {
    test::put(run / "environment.json", wrong);
    PHOTO51_EXPECT_ERROR(check_format(run), data,
                         HasSubstr("environment.json: `format` is not the number of a version"));
  }
}

}  // namespace
}  // namespace photo51::run
