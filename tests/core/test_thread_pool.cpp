#include "photo51/core/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>

#include "photo51/core/limits.hpp"

namespace photo51::core {
namespace {

TEST(ThreadPool, ReturnsResultsAndExceptionsThroughFutures) {
  ThreadPool pool(2);
  EXPECT_EQ(pool.size(), 2);
  EXPECT_GE(ThreadPool().size(), 1);
  auto sum = pool.submit([] { return 40 + 2; });
  auto failing = pool.submit([]() -> int { throw std::runtime_error("no"); });
  EXPECT_EQ(sum.get(), 42);
  EXPECT_THROW(failing.get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 7; }).get(), 7);  // it goes on working
}

TEST(ThreadPool, ParallelForVisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (const int64_t count : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      pool.parallel_for(count, 3, [&](int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
}

TEST(ThreadPool, ParallelForUsesSeveralThreads) {
  ThreadPool pool(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  pool.parallel_for(30, 1, [&](int64_t, int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_GE(threads.size(), 2U);
  EXPECT_LE(threads.size(), 3U);
}

TEST(ThreadPool, ParallelForRethrowsAndStopsEarly) {
  ThreadPool pool(3);
  std::atomic<int> done{0};
  EXPECT_THROW(pool.parallel_for(10000, 1,
                                 [&](int64_t begin, int64_t) {
                                   if (begin == 5) throw std::runtime_error("five");
                                   ++done;
                                   std::this_thread::sleep_for(std::chrono::microseconds(50));
                                 }),
               std::runtime_error);
  EXPECT_LT(done, 9999);
}

TEST(ThreadPool, DestructionFinishesWhatRunsAndDropsTheRest) {
  std::vector<std::future<void>> futures;
  std::atomic<int> begun{0};
  {
    ThreadPool pool(1);
    for (int i = 0; i < 5; ++i)
      futures.push_back(pool.submit([&] {
        ++begun;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }));
    while (begun == 0) std::this_thread::yield();
  }
  futures[0].get();
  EXPECT_THROW(futures[4].get(), std::future_error);
}

/// Takes the right to start threads from this process: as another user, who may have none.
void allow_no_threads() {
  struct rlimit none {};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)) ::_exit(3);
}

TEST(ThreadPoolDeathTest, WorksWithoutAnyThread) {
  EXPECT_EXIT(
      {
        allow_no_threads();
        ThreadPool pool(4);
        int64_t sum = 0;
        pool.parallel_for(10, 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) sum += i;
        });
        auto answer = pool.submit([] { return 42; });
        const bool right = pool.size() == 0 && sum == 45 && answer.get() == 42 && startable_threads(2) == 0;
        ::_exit(right ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "only 0 of 4 threads could be started.*ulimit -u");
}

}  // namespace
}  // namespace photo51::core
