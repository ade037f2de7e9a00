#include "photo51/core/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <vector>

#include "core/terminal.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double first_after = 0.5;  ///< seconds until it is shown though no step is done
std::atomic<ProgressStyle> chosen{ProgressStyle::automatic};

ProgressStyle style() {
  const ProgressStyle now = chosen;
  if (now != ProgressStyle::automatic) return now;
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  return terminal ? ProgressStyle::bar : ProgressStyle::lines;
}

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
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

/// "12.5/s", or "3.2 s each" of slow steps.
std::string rate_text(double rate) {
  if (rate > 0 && rate < 1) return format_fixed(1 / rate, 1) + " s each";
  return format_fixed(rate, 1) + "/s";
}

struct State {
  std::string title, count, rate, left, note;
  double share = 0;
};

/// The bar gives way first when the terminal is narrow, then the rate; what is still too long is cut off.
std::string bar_line(const State& s, int columns) {
  const int width = 24;
  const int filled = static_cast<int>(width * s.share);
  const std::string bar = "[" + std::string(static_cast<size_t>(filled), '#') +
                          std::string(static_cast<size_t>(width - filled), '.') + "]";
  const std::string note = s.note.empty() ? "" : "  " + s.note;
  const std::vector<std::string> lines{
      s.title + " " + bar + " " + s.count + "  " + s.rate + "  " + s.left + note,
      s.title + " " + s.count + "  " + s.rate + "  " + s.left + note,
      s.title + " " + s.count + "  " + s.left + note,
      s.title + " " + s.count + "  " + s.left,
  };
  for (const auto& line : lines)
    if (display_width(line) < columns) return line;
  return lines.back();
}

}  // namespace

void set_progress_style(ProgressStyle style) {
  chosen = style;
}

Progress::Progress(std::string title, int64_t total, Show show, int64_t done)
    : title_(std::move(title)),
      total_(std::max<int64_t>(total, 1)),
      done_(done),
      before_(done),
      when_(show),
      start_(Clock::now()),
      shown_(start_) {
  if (style() == ProgressStyle::quiet || total <= 0) return;
  try {
    clock_ = std::thread([this] { keep_alive(); });
  } catch (const std::system_error&) {
    // No thread is to be had: it is shown at its steps only.
  }
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  end_.notify_all();
  if (clock_.joinable()) clock_.join();
  if (any_shown_ || (done_ > before_ && (when_ == Show::always || seconds_since(start_) > first_after)))
    show(true);
  if (style() == ProgressStyle::bar) end_bar();
}

void Progress::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, std::chrono::milliseconds(250), [this] { return ended_; })) {
    const double quiet_for = seconds_since(shown_);
    const bool due =
        any_shown_ ? quiet_for > (style() == ProgressStyle::bar ? 0.9 : 60) : quiet_for > first_after;
    if (due) show(false);
  }
}

void Progress::advance(int64_t steps, const std::string& note) {
  const std::lock_guard lock(mutex_);
  done_ += steps;
  if (!note.empty()) note_ = note;
  if (when_ == Show::if_slow && !any_shown_) return;  // the clock begins
  if (seconds_since(shown_) < (style() == ProgressStyle::bar ? 0.1 : 10.0)) return;
  show(false);
}

void Progress::show(bool last) {
  shown_ = Clock::now();
  any_shown_ = true;
  const double elapsed = seconds_since(start_);
  const double rate = elapsed > 0 ? static_cast<double>(done_ - before_) / elapsed : 0;
  const double left = rate > 0 ? static_cast<double>(std::max<int64_t>(0, total_ - done_)) / rate : INFINITY;
  const std::string count = std::to_string(done_) + "/" + std::to_string(total_);
  switch (style()) {
    case ProgressStyle::bar: {
      const double share =
          static_cast<double>(std::clamp<int64_t>(done_, 0, total_)) / static_cast<double>(total_);
      draw_bar(bar_line(
          {shown(title_), count, rate_text(rate), clock_text(last ? 0 : left) + " left", shown(note_), share},
          terminal_columns()));
      break;
    }
    case ProgressStyle::lines:
      std::fprintf(stderr, "%s: %s, %s, %s%s%s\n", shown(title_).c_str(), count.c_str(),
                   rate_text(rate).c_str(),
                   last ? ("took " + clock_text(elapsed)).c_str() : (clock_text(left) + " left").c_str(),
                   note_.empty() ? "" : ", ", shown(note_).c_str());
      break;
    case ProgressStyle::json: {
      nlohmann::json line{{"progress", title_}, {"done", done_},        {"total", total_},
                          {"rate", rate},       {"elapsed_s", elapsed}, {"note", note_}};
      line["left_s"] = std::isfinite(left) ? nlohmann::json(left) : nlohmann::json(nullptr);
      std::fprintf(stderr, "%s\n", json_text(line).c_str());
      break;
    }
    case ProgressStyle::automatic:
    case ProgressStyle::quiet:
      break;
  }
}

}  // namespace photo51::core
