#pragma once
/// Progress of a long loop on standard error: a live bar with rate and time left on a terminal, a plain line
/// now and then elsewhere, one JSON object a line with `--json`, nothing with `--quiet`. It appears within a
/// second, also while the first step is still going on.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace photo51::core {

enum class ProgressStyle { automatic, bar, lines, json, quiet };
/// For the whole program; `automatic` is a bar on a terminal and lines elsewhere.
void set_progress_style(ProgressStyle style);

class Progress {
 public:
  /// What is over sooner than it could be read need not be told (`if_slow`).
  enum class Show { always, if_slow };

  /// `done`: steps of an earlier run, which do not count in the rate.
  Progress(std::string title, int64_t total, Show show = Show::always, int64_t done = 0);
  /// Ends the bar's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `steps` more are done; `note` ("loss 0.31") stands behind the bar. May be called by several threads.
  void advance(int64_t steps = 1, const std::string& note = {});

 private:
  void keep_alive();
  void show(bool last);

  std::string title_, note_;
  int64_t total_ = 0, done_ = 0, before_ = 0;
  Show when_ = Show::always;
  std::chrono::steady_clock::time_point start_, shown_;
  bool any_shown_ = false, ended_ = false;
  std::mutex mutex_;
  std::condition_variable end_;
  std::thread clock_;  ///< shows that time goes by between steps
};

}  // namespace photo51::core
