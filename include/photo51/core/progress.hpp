#pragma once
/// Progress of a long loop on standard error: a live bar with rate and time left on a terminal, a plain line
/// now and then elsewhere, one JSON object a line with `--json`, nothing with `--quiet`.

#include <chrono>
#include <cstdint>
#include <string>

namespace photo51::core {

enum class ProgressStyle { automatic, bar, lines, json, quiet };
/// For the whole program; `automatic` is a bar on a terminal and lines elsewhere.
void set_progress_style(ProgressStyle style);

class Progress {
 public:
  Progress(std::string title, int64_t total);
  /// Ends the bar's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `steps` more are done; `note` ("loss 0.31") stands behind the bar.
  void advance(int64_t steps = 1, const std::string& note = {});

 private:
  void show(bool last);

  std::string title_, note_;
  int64_t total_ = 0, done_ = 0;
  std::chrono::steady_clock::time_point start_, shown_;
  bool drawn_ = false;
};

}  // namespace photo51::core
