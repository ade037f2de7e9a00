#include "photo51/core/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>

#include "photo51/core/limits.hpp"
#include "photo51/core/log.hpp"

namespace photo51::core {

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) threads = processors();
  workers_.reserve(static_cast<size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { run(); });
  } catch (const std::system_error& error) {
    // The limit of threads is reached: the work is done by those there are, or by the one that asks for it.
    static std::atomic<bool> said{false};
    if (!said.exchange(true))
      log_warning("only " + std::to_string(workers_.size()) + " of " + std::to_string(threads) +
                  " threads could be started (" + error.code().message() +
                  "), so the work takes longer; raise the limit of processes (ulimit -u) or of memory");
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_ = {};
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::enqueue(std::function<void()> work) {
  if (workers_.empty()) {
    work();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.push(std::move(work));
  }
  wake_.notify_one();
}

void ThreadPool::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop();
    }
    work();
  }
}

void ThreadPool::parallel_for(int64_t count, int64_t grain,
                              const std::function<void(int64_t, int64_t)>& body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(1, grain);
  const int64_t pieces = (count + grain - 1) / grain;
  if (pieces == 1 || size() <= 1) {
    body(0, count);
    return;
  }
  std::atomic<int64_t> next{0};
  std::mutex error_mutex;
  std::exception_ptr error;
  const auto drain = [&] {
    try {
      for (int64_t piece = next++; piece < pieces; piece = next++)
        body(piece * grain, std::min(count, (piece + 1) * grain));
    } catch (...) {
      next = pieces;
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::future<void>> helpers;
  const int64_t wanted = std::min<int64_t>(size() - 1, pieces - 1);
  for (int64_t i = 0; i < wanted; ++i) helpers.push_back(submit(drain));
  drain();
  for (auto& helper : helpers) helper.get();
  if (error) std::rethrow_exception(error);
}

}  // namespace photo51::core
