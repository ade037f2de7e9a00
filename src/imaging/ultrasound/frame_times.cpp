#include <cmath>

#include "imaging/ultrasound/tags.hpp"

namespace photo51::imaging {
namespace {

constexpr char kFrameTime[] = "FrameTime (0018,1063)";
constexpr char kFrameTimeVector[] = "FrameTimeVector (0018,1065)";

/// Even steps; false when the step is not a time.
bool even_steps(std::optional<double> seconds, int64_t frames, const char* source, Cine& cine) {
  if (!seconds || !(*seconds > 0) || !std::isfinite(*seconds)) return false;
  cine.seconds.clear();
  for (int64_t i = 0; i < frames; ++i) cine.seconds.push_back(static_cast<double>(i) * *seconds);
  cine.time_source = source;
  return true;
}

/// Each value is the step from the frame before, the first one 0.
bool vector_steps(const std::vector<double>& milliseconds, int64_t frames, Cine& cine) {
  if (milliseconds.empty()) return false;
  if (static_cast<int64_t>(milliseconds.size()) != frames) {
    cine.warnings.push_back(std::string(kFrameTimeVector) + " has " + std::to_string(milliseconds.size()) +
                            " values for " + std::to_string(frames) + " frames and is not used");
    return false;
  }
  cine.seconds.assign(1, 0.0);
  for (size_t i = 1; i < milliseconds.size(); ++i) {
    if (!(milliseconds[i] > 0)) {
      cine.warnings.push_back(std::string(kFrameTimeVector) + " does not advance at frame " +
                              std::to_string(i + 1) + " and is not used");
      cine.seconds.clear();
      return false;
    }
    cine.seconds.push_back(cine.seconds.back() + milliseconds[i] / 1000);
  }
  cine.time_source = kFrameTimeVector;
  return true;
}

}  // namespace

void read_times(DcmItem& dataset, int64_t frames, Cine& cine) {
  if (frames < 2) return;
  std::optional<double> step = number_of(dataset, DCM_FrameTime);
  if (step) step = *step / 1000;
  const std::vector<double> steps = numbers_of(dataset, DCM_FrameTimeVector);
  const std::string pointer = text_of(dataset, DCM_FrameIncrementPointer);
  const bool by_vector = pointer.find("1065") != std::string::npos || (!step && !steps.empty());
  bool known = by_vector && vector_steps(steps, frames, cine);
  known = known || even_steps(step, frames, kFrameTime, cine) ||
          (!by_vector && vector_steps(steps, frames, cine));
  const std::pair<DcmTagKey, const char*> rates[] = {
      {DCM_CineRate, "CineRate (0018,0040)"},
      {DCM_RecommendedDisplayFrameRate, "RecommendedDisplayFrameRate (0008,2144)"}};
  for (const auto& [tag, name] : rates) {
    const auto rate = number_of(dataset, tag);
    if (!rate || !(*rate > 0)) continue;
    if (!known) {
      known = even_steps(1 / *rate, frames, name, cine);
      if (known)
        cine.warnings.push_back(std::string("the time of a frame comes from ") + name +
                                ", the rate of showing, not of recording");
    } else if (cine.time_source == kFrameTime && std::abs(*rate * *step - 1) > 0.05) {
      cine.warnings.push_back(std::string(kFrameTime) + " says " + core::format_number(*step * 1000) +
                              " ms a frame, but " + name + " is " + core::format_number(*rate) +
                              " a second; the former is used");
    }
  }
  if (!known)
    cine.warnings.emplace_back(
        "no FrameTime (0018,1063), FrameTimeVector (0018,1065), CineRate (0018,0040) or "
        "RecommendedDisplayFrameRate (0008,2144): the time from frame to frame is not known");
}

}  // namespace photo51::imaging
