#pragma once
/// A fixed set of worker threads.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace photo51::core {

class ThreadPool {
 public:
  /// `threads` workers; 0 = one a processor. Fewer where the system refuses them; with none, callers work.
  explicit ThreadPool(int threads = 0);
  /// Waits for the work that runs; work not yet begun is dropped (its futures report broken promises).
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()); }

  /// Queues `work`; its result or exception comes through the future.
  template <class Work>
  auto submit(Work work) -> std::future<decltype(work())> {
    auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    auto result = task->get_future();
    enqueue([task] { (*task)(); });
    return result;
  }

  /// Runs `body(begin, end)` over pieces of [0, count) on the workers and the calling thread; returns when
  /// all are done and rethrows the first exception. Not to be called from inside a worker.
  void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

 private:
  void enqueue(std::function<void()> work);
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::queue<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace photo51::core
