#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <vector>

#include "imaging/inspect/inspectors.hpp"
#include "imaging/tiff/pages.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/slide/readable.hpp"

namespace photo51::imaging {
namespace {

std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// Minimum, maximum and sum of a region.
struct Range {
  int least = 255, most = 0;
  int64_t sum = 0, count = 0;

  void add(const Range& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    sum += other.sum;
    count += other.count;
  }
};

Range range_of(const Slide& slide, int64_t x, int64_t y, int64_t width, int64_t height) {
  const at::Tensor block = slide.read(0, x, y, width, height);
  const auto* value = block.const_data_ptr<uint8_t>();
  uint8_t low = 255, high = 0;
  Range range;
  for (int64_t k = 0; k < block.numel(); ++k) {
    low = std::min(low, value[k]);
    high = std::max(high, value[k]);
    range.sum += value[k];
  }
  range.least = low;
  range.most = high;
  range.count = block.numel();
  return range;
}

constexpr int64_t block_side = 1024;

/// How many reads of a damaged block may fail before what fails is no longer divided: after each the slide is
/// opened anew. Four find a lone damaged tile of 256 pixels.
int64_t failures_a_block(int64_t damaged_blocks) {
  return std::max<int64_t>(4, 1000 / std::max<int64_t>(damaged_blocks, 1));
}

/// What of a region can be read, a quarter at a time where it cannot be read at once.
Range readable_range(const Slide& slide, int64_t x, int64_t y, int64_t width, int64_t height,
                     int64_t& failures, std::string& problem) {
  try {
    return range_of(slide, x, y, width, height);
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data) throw;
    problem = error.what();
  }
  Range range;
  constexpr int64_t kFinest = 64;
  if (--failures <= 0 || width <= kFinest || height <= kFinest) return range;
  const int64_t half_x = width / 2, half_y = height / 2;
  range.add(readable_range(slide, x, y, half_x, half_y, failures, problem));
  range.add(readable_range(slide, x + half_x, y, width - half_x, half_y, failures, problem));
  range.add(readable_range(slide, x, y + half_y, half_x, height - half_y, failures, problem));
  range.add(
      readable_range(slide, x + half_x, y + half_y, width - half_x, height - half_y, failures, problem));
  return range;
}

/// Minimum, maximum and mean of all decoded pixels of the finest level, a block of rows and columns at a
/// time. Error (data): more than half of it is damaged; less is a warning.
void measure_pixels(const Slide& slide, Inspection& found) {
  const SlideLevel& whole = slide.levels().front();
  const int64_t columns = (whole.width + block_side - 1) / block_side,
                rows = (whole.height + block_side - 1) / block_side;
  std::mutex mutex;
  Range all;
  std::string problem;
  core::ThreadPool pool;
  /// Goes through blocks by their numbers; returns those that are damaged.
  const auto measure = [&](const std::vector<int64_t>& blocks, int64_t failures) {
    std::vector<int64_t> damaged;
    pool.parallel_for(static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t block = blocks[static_cast<size_t>(i)];
        const int64_t x = block % columns * block_side, y = block / columns * block_side;
        std::string here;
        int64_t left = failures;
        const Range range = readable_range(slide, x, y, std::min(block_side, whole.width - x),
                                           std::min(block_side, whole.height - y), left, here);
        const std::lock_guard lock(mutex);
        all.add(range);
        if (here.empty()) continue;
        problem = here;
        damaged.push_back(block);
      }
    });
    return damaged;
  };
  std::vector<int64_t> blocks(static_cast<size_t>(columns * rows));
  std::iota(blocks.begin(), blocks.end(), 0);
  const std::vector<int64_t> damaged = measure(blocks, 1);
  measure(damaged, failures_a_block(static_cast<int64_t>(damaged.size())));
  const double share = static_cast<double>(all.count) /
                       (3 * static_cast<double>(whole.width) * static_cast<double>(whole.height));
  if (share < 0.5) throw core::Error(core::Fault::data, problem);
  if (!problem.empty())
    found.warnings.push_back(core::format_fixed(100 * (1 - share), 1) +
                             "% of it, or less, is damaged and was not measured (" + problem + ")");
  found.min = all.least;
  found.max = all.most;
  found.mean = static_cast<double>(all.sum) / static_cast<double>(all.count);
  found.measured = true;
}

void take_notes(const SlideInfo& info, Inspection& found) {
  std::vector<std::string> sizes;
  for (const SlideLevel& level : info.levels) sizes.push_back(size_text(level.width, level.height));
  found.notes.push_back(std::to_string(sizes.size()) + (sizes.size() == 1 ? " level: " : " levels: ") +
                        core::join(sizes, ", "));
  if (info.mpp)
    found.notes.push_back(core::format_number(static_cast<float>((*info.mpp)[0])) + " x " +
                          core::format_number(static_cast<float>((*info.mpp)[1])) + " um a pixel, from " +
                          to_string(info.mpp_source));
  if (info.objective_power)
    found.notes.push_back("objective " + core::format_number(*info.objective_power) + "x");
  if (!info.vendor.empty()) found.notes.push_back("vendor " + info.vendor + ", read by " + info.backend);
}

void suspect(const SlideInfo& info, Inspection& found) {
  for (const std::string& warning : info.warnings) found.warnings.push_back(warning);
  for (const AssociatedImage& image : info.associated) {
    const std::string text = "a " + image.name + " picture of " + size_text(image.width, image.height);
    if (image.name == "label" || image.name == "macro")
      found.warnings.push_back("has " + text +
                               ", which may show who the patient is; remove it before sharing");
    else
      found.notes.push_back("has " + text);
  }
  if (info.mpp && std::abs((*info.mpp)[0] / (*info.mpp)[1] - 1) > 0.05)
    found.warnings.emplace_back("its pixels are not square");
  if (found.min == found.max) found.warnings.push_back("all pixels are " + core::format_number(found.min));
}

}  // namespace

void inspect_slide(const std::filesystem::path& path, Inspection& found, const InspectOptions& options) {
  const Slide slide = open_slide(path, options.slide);
  const SlideInfo& info = slide.info();
  const SlideLevel& whole = info.levels.front();
  found.modality = Modality::histopathology;
  found.size = {whole.width, whole.height, 1};
  found.channels = 3;
  if (info.mpp)
    found.spacing = {(*info.mpp)[0] / 1000, (*info.mpp)[1] / 1000, std::numeric_limits<double>::quiet_NaN()};
  const bool chosen = !options.slide.channels.empty() || options.slide.plane > 0 || options.slide.page > 0;
  if (!found.measured && !(info.backend == "tiff" && !chosen && measure_deep_page(path, found)))
    measure_pixels(slide, found);
  take_notes(info, found);
  suspect(info, found);
  if (options.picture) found.picture = readable_thumbnail(slide, 480).permute({1, 2, 0}).contiguous();
}

}  // namespace photo51::imaging
