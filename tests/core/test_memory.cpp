#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "photo51/core/memory.hpp"
#include "photo51/core/version.hpp"

namespace photo51::core {
namespace {

constexpr int64_t mib = 1 << 20;

/// A block of `size` bytes, all of it written to.
void* filled(int64_t size) {
  void* block = std::malloc(static_cast<size_t>(size));
  std::memset(block, 1, static_cast<size_t>(size));
  asm volatile("" : : "r"(block) : "memory");  // or the compiler leaves out what nobody reads
  return block;
}

TEST(Memory, PeakGrowsWithWhatIsTaken) {
  const int64_t before = peak_resident_bytes();
  void* block = filled(64 * mib);
  EXPECT_GE(resident_bytes(), 64 * mib);
  std::free(block);
  EXPECT_GE(peak_resident_bytes(), std::max(before, 64 * mib));
  EXPECT_LE(resident_bytes(), peak_resident_bytes() + mib);  // the system counts pages in batches
  EXPECT_GT(available_memory_bytes(), 0);
}

TEST(Memory, ThePeakCanBeCountedAnew) {
  std::free(filled(96 * mib));
  if (!forget_peak_resident_bytes()) GTEST_SKIP() << "the system does not let a process do so";
  EXPECT_LT(peak_resident_bytes(), resident_bytes() + 32 * mib);
}

TEST(Memory, FreedBlocksGoBackToTheSystem) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer has its own allocator";
#endif
  return_freed_memory();
  std::free(filled(24 * mib));  // left to itself, glibc takes blocks of this size from its heap from now on
  void* block = filled(16 * mib);
  void* above = filled(64 * 1024);  // keeps the heap's end where it is
  const int64_t before = resident_bytes();
  std::free(block);
  EXPECT_LT(resident_bytes(), before - 15 * mib);
  std::free(above);
}

TEST(Memory, FreedBlocksWaitForTheNext) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer has its own allocator";
#endif
  keep_freed_memory();
  void* block = filled(64 * mib);
  const int64_t before = resident_bytes();
  std::free(block);
  EXPECT_GT(resident_bytes(), before - mib);
}

TEST(Memory, CodeIsDroppedAndComesBack) {
  const int64_t before = resident_bytes();
  drop_start_up_code();
  EXPECT_LT(resident_bytes(), before - 5 * mib);  // LibTorch's code alone is more
  EXPECT_STRNE(version(), "");
}

}  // namespace
}  // namespace photo51::core
