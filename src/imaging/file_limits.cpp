#include "photo51/imaging/file_limits.hpp"

#include <atomic>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;

std::atomic<double> max_gib{FileLimits{}.max_gib};
std::atomic<bool> follow_out_of_folder{FileLimits{}.follow_out_of_folder};

}  // namespace

void set_file_limits(const FileLimits& limits) {
  max_gib = limits.max_gib;
  follow_out_of_folder = limits.follow_out_of_folder;
}

FileLimits file_limits() {
  return {max_gib, follow_out_of_folder};
}

void require_within_limit(double bytes, const std::string& promise) {
  const double limit = max_gib;
  if (bytes <= limit * kGib) return;
  core::fail_data(
      promise + ", " + core::format_fixed(bytes / kGib, 1) + " GiB, more than the " +
      core::format_number(limit) +
      " GiB that one file may take; if it is meant to be so large, raise cohort.max_gib_per_file");
}

}  // namespace photo51::imaging
