#include "photo51/core/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>

#include "photo51/core/memory.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A system's files below a folder.
class FakeSystem {
 public:
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  GroupLimits limits() const { return read_group_limits(folder_.path()); }

 private:
  test::TemporaryFolder folder_;
};

TEST(Limits, SecondVersionTakesTheTightestOfAllGroupsAbove) {
  const FakeSystem system;
  system.write("proc/self/mountinfo",
               "24 1 0:22 / /proc rw - proc proc rw\n"
               "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  system.write("proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  system.write("sys/fs/cgroup/slurm/job_7/memory.max", "8000000000\n");
  system.write("sys/fs/cgroup/slurm/job_7/memory.current", "3000000000\n");
  system.write("sys/fs/cgroup/slurm/job_7/memory.stat", "anon 1\ninactive_file 500000000\nfile 3\n");
  system.write("sys/fs/cgroup/slurm/job_7/cpu.max", "350000 100000\n");
  system.write("sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  system.write("sys/fs/cgroup/slurm/job_7/step_0/memory.high", "9000000000\n");
  system.write("sys/fs/cgroup/slurm/job_7/step_0/memory.current", "3000000000\n");
  system.write("sys/fs/cgroup/slurm/job_7/step_0/cpu.max", "max 100000\n");
  const auto limits = system.limits();
  EXPECT_EQ(limits.memory_bytes, 8000000000);
  EXPECT_EQ(limits.available_bytes, 8000000000 - 2500000000);
  EXPECT_DOUBLE_EQ(limits.processors.value(), 3.5);
}

TEST(Limits, ContainerSeesItsOwnGroupAsTheRoot) {
  const FakeSystem system;
  // The group is told as the host sees it; what is mounted is that group.
  system.write("proc/self/mountinfo", "31 24 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  system.write("proc/self/cgroup", "0::/docker/abc\n");
  system.write("sys/fs/cgroup/memory.high", "1000000\n");
  system.write("sys/fs/cgroup/memory.max", "2000000\n");
  system.write("sys/fs/cgroup/memory.current", "1500000\n");
  system.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  const auto limits = system.limits();
  EXPECT_EQ(limits.memory_bytes, 1000000);
  EXPECT_EQ(limits.available_bytes, 0);
  EXPECT_DOUBLE_EQ(limits.processors.value(), 0.5);
}

TEST(Limits, FirstVersion) {
  const FakeSystem system;
  system.write("proc/self/mountinfo",
               "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
               "35 31 0:32 / /sys/fs/cgroup/my\\040memory rw - cgroup cgroup rw,memory\n"
               "38 31 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  system.write("proc/self/cgroup", "4:memory:/pod/one\n2:cpu,cpuacct:/pod\n0::/\n");
  system.write("sys/fs/cgroup/my memory/memory.limit_in_bytes", "9223372036854771712\n");
  system.write("sys/fs/cgroup/my memory/pod/one/memory.limit_in_bytes", "4096000\n");
  system.write("sys/fs/cgroup/my memory/pod/one/memory.usage_in_bytes", "1096000\n");
  system.write("sys/fs/cgroup/my memory/pod/one/memory.stat", "cache 5\ntotal_inactive_file 96000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us", "200000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_period_us", "100000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  const auto limits = system.limits();
  EXPECT_EQ(limits.memory_bytes, 4096000);
  EXPECT_EQ(limits.available_bytes, 3096000);
  EXPECT_DOUBLE_EQ(limits.processors.value(), 2);
}

TEST(Limits, NoneWithoutControlGroups) {
  const FakeSystem system;
  EXPECT_FALSE(system.limits().memory_bytes);
  system.write("proc/self/cgroup", "0::/\nnonsense\n");
  system.write("proc/self/mountinfo", "31 24 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\nnonsense\n");
  const auto limits = system.limits();
  EXPECT_FALSE(limits.memory_bytes);
  EXPECT_FALSE(limits.available_bytes);
  EXPECT_FALSE(limits.processors);
}

TEST(Limits, ProcessorsAreThoseOfTheAffinityMask) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(processors(), 1);
  EXPECT_LE(processors(), CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(processors(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Limits, AddressSpaceBoundsAvailableMemory) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer reserves more";
#endif
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit less = before;
  less.rlim_cur = rlim_t{1} << 45;  // more than anything that is mapped, less than nothing
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  EXPECT_LT(available_memory_bytes(), int64_t{1} << 45);
  less.rlim_cur = rlim_t{1} << 20;  // less than is in use already
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  const int64_t nothing = available_memory_bytes();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(nothing, 0);
}

TEST(Limits, ThreadsThatCanBeStarted) {
  EXPECT_EQ(startable_threads(0), 0);
  EXPECT_EQ(startable_threads(3), 3);
}

TEST(Limits, ThreadCountsBeyondTheMachine) {
  check_thread_count("train.threads", 0);
  check_thread_count("train.threads", 64);
  PHOTO51_EXPECT_ERROR(check_thread_count("train.threads", 100000), usage,
                       AllOf(HasSubstr("train.threads: 100000"), HasSubstr("processors")));
}

TEST(Limits, OutOfMemoryIsKnownByItsWords) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error(
      "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried to "
      "allocate 40000000000000 bytes. Error code 12 (Cannot allocate memory)\nframe #0: c10::Error")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("CUDA out of memory. Tried to allocate 2.00 GiB")));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("no such file")));
}

}  // namespace
}  // namespace photo51::core
