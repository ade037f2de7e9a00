#include "photo51/core/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

std::atomic<ProgressStyle> chosen{ProgressStyle::automatic};

ProgressStyle style() {
  const ProgressStyle now = chosen;
  if (now != ProgressStyle::automatic) return now;
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  return terminal ? ProgressStyle::bar : ProgressStyle::lines;
}

std::string clock_text(double seconds) {
  if (!std::isfinite(seconds)) return "--:--";
  const auto whole = std::llround(seconds);
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%02lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

}  // namespace

void set_progress_style(ProgressStyle style) {
  chosen = style;
}

Progress::Progress(std::string title, int64_t total)
    : title_(std::move(title)),
      total_(std::max<int64_t>(total, 1)),
      start_(std::chrono::steady_clock::now()) {
  shown_ = start_;
}

Progress::~Progress() {
  if (done_ > 0) show(true);
  if (drawn_) std::fputc('\n', stderr);
}

void Progress::advance(int64_t steps, const std::string& note) {
  done_ += steps;
  if (!note.empty()) note_ = note;
  const auto now = std::chrono::steady_clock::now();
  const double quiet_for = style() == ProgressStyle::bar ? 0.1 : 10.0;
  if (std::chrono::duration<double>(now - shown_).count() < quiet_for) return;
  shown_ = now;
  show(false);
}

void Progress::show(bool last) {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : INFINITY;
  const std::string count = std::to_string(done_) + "/" + std::to_string(total_);
  switch (style()) {
    case ProgressStyle::bar: {
      const int width = 24;
      const int filled = static_cast<int>(width * std::min(done_, total_) / total_);
      const std::string bar = std::string(static_cast<size_t>(filled), '#') +
                              std::string(static_cast<size_t>(width - filled), '.');
      std::fprintf(stderr, "\r%s [%s] %s  %s/s  %s left  %s\033[K", title_.c_str(), bar.c_str(),
                   count.c_str(), format_fixed(rate, 1).c_str(), clock_text(last ? 0 : left).c_str(),
                   note_.c_str());
      std::fflush(stderr);
      drawn_ = true;
      break;
    }
    case ProgressStyle::lines:
      std::fprintf(stderr, "%s: %s, %s/s, %s%s%s\n", title_.c_str(), count.c_str(),
                   format_fixed(rate, 1).c_str(),
                   last ? ("took " + clock_text(elapsed)).c_str() : (clock_text(left) + " left").c_str(),
                   note_.empty() ? "" : ", ", note_.c_str());
      break;
    case ProgressStyle::json:
      std::fprintf(stderr, "%s\n",
                   nlohmann::json{{"progress", title_},
                                  {"done", done_},
                                  {"total", total_},
                                  {"rate", rate},
                                  {"elapsed_s", elapsed},
                                  {"note", note_}}
                       .dump()
                       .c_str());
      break;
    case ProgressStyle::automatic:
    case ProgressStyle::quiet:
      break;
  }
}

}  // namespace photo51::core
