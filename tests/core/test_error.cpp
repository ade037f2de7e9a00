#include "photo51/core/error.hpp"

#include "support/errors.hpp"

namespace photo51::core {
namespace {

TEST(Error, FaultsAreExitCodes) {
  PHOTO51_EXPECT_ERROR(fail_run("disk"), run, "disk");
  PHOTO51_EXPECT_ERROR(fail_usage("key"), usage, "key");
  PHOTO51_EXPECT_ERROR(fail_data("voxels"), data, "voxels");
  EXPECT_EQ(static_cast<int>(Fault::run), 1);
  EXPECT_EQ(static_cast<int>(Fault::usage), 2);
  EXPECT_EQ(static_cast<int>(Fault::data), 3);
  EXPECT_EQ(static_cast<int>(Fault::interrupted), 130);
}

TEST(Error, ContextReadsFromTheOutsideIn) {
  PHOTO51_EXPECT_ERROR(
      with_context(
          "case P7",
          [] { with_context([] { return "input mri"; }, [] { fail_data("the file ends early"); }); }),
      data, "case P7: input mri: the file ends early");
}

TEST(Error, ContextIsMadeOnFailureOnlyAndLetsValuesAndOtherExceptionsThrough) {
  int made = 0;
  const auto context = [&] {
    ++made;
    return "context";
  };
  EXPECT_EQ(with_context(context, [] { return 42; }), 42);
  EXPECT_EQ(made, 0);
  EXPECT_THROW(with_context(context, [] { throw std::runtime_error("other"); }), std::runtime_error);
  EXPECT_EQ(made, 0);
}

}  // namespace
}  // namespace photo51::core
