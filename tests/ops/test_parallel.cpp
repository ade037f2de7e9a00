#include "photo51/ops/parallel.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace photo51::ops {
namespace {

class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

TEST(InParallel, CallsEachOnce) {
  const Threads threads(2);
  std::vector<int> calls(1000, 0);
  in_parallel(3, 1000, 7, [&](int64_t begin, int64_t end) {
    EXPECT_GE(begin, 3);
    for (int64_t i = begin; i < end; ++i) ++calls[static_cast<size_t>(i)];
  });
  EXPECT_EQ(std::count(calls.begin(), calls.begin() + 3, 0), 3);
  EXPECT_EQ(std::count(calls.begin() + 3, calls.end(), 1), 997);
  in_parallel(5, 5, 1, [](int64_t, int64_t) { FAIL() << "there is nothing to do"; });
}

#ifndef __clang__  // whose builds have no OpenMP
/// Whether two threads were in the loop at the same time.
TEST(InParallel, RunsOnSeveralThreads) {
  const Threads threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  in_parallel(0, 2, 1, [&](int64_t, int64_t) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (bool alone = true; alone && std::chrono::steady_clock::now() < patience;) {
      {
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
        alone = seen.size() < 2;
      }
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(seen.size(), 2U);
}
#endif

TEST(InParallel, ThrowsWhatTheWorkThrows) {
  const Threads threads(2);
  EXPECT_THROW(in_parallel(0, 100, 1,
                           [](int64_t, int64_t end) {
                             if (end == 100) throw std::runtime_error("the last one");
                           }),
               std::runtime_error);
}

}  // namespace
}  // namespace photo51::ops
