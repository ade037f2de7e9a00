#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "imaging/inspectors.hpp"
#include "imaging/tiff_pages.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/slide.hpp"

namespace photo51::imaging {
namespace {

std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// Minimum, maximum and mean of all decoded pixels of the finest level, a block of rows and columns at a
/// time.
void measure_pixels(const Slide& slide, Inspection& found) {
  constexpr int64_t kBlock = 1024;
  const SlideLevel& whole = slide.levels().front();
  const int64_t columns = (whole.width + kBlock - 1) / kBlock, rows = (whole.height + kBlock - 1) / kBlock;
  std::mutex mutex;
  int least = 255, most = 0;
  int64_t sum = 0;
  core::ThreadPool pool;
  pool.parallel_for(columns * rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t x = i % columns * kBlock, y = i / columns * kBlock;
      const at::Tensor block =
          slide.read(0, x, y, std::min(kBlock, whole.width - x), std::min(kBlock, whole.height - y));
      const auto* value = block.const_data_ptr<uint8_t>();
      uint8_t low = 255, high = 0;
      int64_t total = 0;
      for (int64_t k = 0; k < block.numel(); ++k) {
        low = std::min(low, value[k]);
        high = std::max(high, value[k]);
        total += value[k];
      }
      const std::lock_guard lock(mutex);
      least = std::min<int>(least, low);
      most = std::max<int>(most, high);
      sum += total;
    }
  });
  found.min = least;
  found.max = most;
  found.mean =
      static_cast<double>(sum) / (3 * static_cast<double>(whole.width) * static_cast<double>(whole.height));
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
  for (const std::string& name : info.phi) found.phi.push_back(name);
  if (info.mpp && std::abs((*info.mpp)[0] / (*info.mpp)[1] - 1) > 0.05)
    found.warnings.emplace_back("its pixels are not square");
  if (found.min == found.max) found.warnings.push_back("all pixels are " + core::format_number(found.min));
}

}  // namespace

void inspect_slide(const std::filesystem::path& path, Inspection& found, const InspectOptions& options) {
  const Slide slide = open_slide(path);
  const SlideInfo& info = slide.info();
  const SlideLevel& whole = info.levels.front();
  found.modality = Modality::histopathology;
  found.size = {whole.width, whole.height, 1};
  found.channels = 3;
  if (info.mpp)
    found.spacing = {(*info.mpp)[0] / 1000, (*info.mpp)[1] / 1000, std::numeric_limits<double>::quiet_NaN()};
  if (!found.measured && !(info.backend == "tiff" && measure_deep_page(path, found)))
    measure_pixels(slide, found);
  take_notes(info, found);
  suspect(info, found);
  if (options.picture) found.picture = thumbnail(slide, 480).permute({1, 2, 0}).contiguous();
}

}  // namespace photo51::imaging
