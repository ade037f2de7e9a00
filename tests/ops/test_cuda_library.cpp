// The library of kernels for GPUs, where a build has none and where it has.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ops/cuda/library.hpp"
#include "support/errors.hpp"

namespace photo51::ops::cuda {
namespace {

using ::testing::HasSubstr;

std::filesystem::path libphoto51() {
  Dl_info own{};
  ::dladdr(reinterpret_cast<const void*>(&library), &own);
  return own.dli_fname;
}

TEST(CudaLibrary, SaysHowToGetItWhereItIsMissing) {
  if (is_built()) GTEST_SKIP() << "this build has kernels for GPUs";
  PHOTO51_EXPECT_ERROR(library(), run, HasSubstr("run tools/setup --cuda"));
}

TEST(CudaLibrary, IsRefusedWithoutItsEntries) {
  PHOTO51_EXPECT_ERROR(load(libphoto51()), run, HasSubstr("of another version"));
}

TEST(CudaLibrary, HasEveryEntry) {
  if (!is_built()) GTEST_SKIP() << "this build has no kernels for GPUs";
  EXPECT_NO_THROW(check(0, "count"));
  PHOTO51_EXPECT_ERROR(check(1, "count"), run, HasSubstr("count on the GPU: invalid argument"));
}

}  // namespace
}  // namespace photo51::ops::cuda
