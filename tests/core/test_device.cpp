#include "photo51/core/device.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/core/version.hpp"

namespace photo51::core {
namespace {

TEST(Device, CpuNeedsNothing) {
  EXPECT_EQ(resolve_device("cpu"), "cpu");
}

TEST(Device, AutoIsTheCpuWithoutAGpu) {
  if (gpu_present()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(resolve_device("auto"), "cpu");
}

TEST(Device, UnknownNameIsAUsageError) {
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:-1", ""}) {
    try {
      resolve_device(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage) << name;
      EXPECT_NE(std::string(error.what()).find("auto, cpu, cuda"), std::string::npos);
    }
  }
}

TEST(Device, AskingForAnAbsentGpuFails) {
  if (gpu_present()) GTEST_SKIP() << "this machine has a GPU";
  for (const char* name : {"cuda", "cuda:1"}) {
    try {
      resolve_device(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::run);
    }
  }
}

TEST(Device, CudaThatIsMissingSaysHowToGetIt) {
  if (gpu_present()) GTEST_SKIP() << "this machine has a GPU";
  try {
    load_cuda();
    GTEST_SKIP() << "LibTorch has all of CUDA here";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::run);
    EXPECT_NE(std::string(error.what()).find("CUDA"), std::string::npos);
  }
}

TEST(Version, IsThreeNumbers) {
  int major = -1, minor = -1, patch = -1;
  EXPECT_EQ(std::sscanf(version(), "%d.%d.%d", &major, &minor, &patch), 3);
  EXPECT_NE(std::string(build_commit()), "");
}

}  // namespace
}  // namespace photo51::core
