#include "photo51/data/plan/fingerprint.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::data {
namespace {

constexpr int64_t most_sampled = 5000;

/// `any`: [D, H, W].
std::optional<VoxelBox> box_of(const at::Tensor& any) {
  VoxelBox box;
  for (int64_t axis = 0; axis < 3; ++axis) {
    const std::array<int64_t, 2> others{axis == 0 ? 1 : 0, axis == 2 ? 1 : 2};
    const at::Tensor found = at::nonzero(at::amax(any.to(at::kByte), others));
    if (found.size(0) == 0) return std::nullopt;
    const auto to = static_cast<size_t>(2 - axis);
    box.begin[to] = found[0].item<int64_t>();
    box.end[to] = found[found.size(0) - 1].item<int64_t>() + 1;
  }
  return box;
}

/// Finite ones of `values` at even steps.
std::vector<double> spread_sample(const at::Tensor& values) {
  std::vector<double> sample;
  const int64_t step = std::max<int64_t>(1, values.numel() / most_sampled);
  const at::Tensor taken = values.slice(0, 0, std::nullopt, step).to(at::kDouble).contiguous();
  for (int64_t i = 0; i < taken.numel(); ++i)
    if (const double value = taken.data_ptr<double>()[i]; std::isfinite(value)) sample.push_back(value);
  return sample;
}

void measure_values(const imaging::Volume& volume, FileFacts& facts) {
  const at::Tensor& data = volume.data;
  const at::Tensor any = (data != 0).any(0);
  facts.nonzero = box_of(any);
  const at::Tensor flat = data.flatten();
  const at::Tensor inside = flat.masked_select(flat != 0);
  if (inside.numel() > 0) {
    const int64_t step = std::max<int64_t>(1, inside.numel() / most_sampled);
    const at::Tensor taken = inside.slice(0, 0, std::nullopt, step).to(at::kDouble).contiguous();
    for (int64_t i = 0; i < taken.numel(); ++i)
      if (const double value = taken.data_ptr<double>()[i]; std::isfinite(value))
        facts.sample.push_back(value);
  }
  // Labels are few: a sample that already has too many values spares the sort of the whole image.
  const std::set<double> first(facts.sample.begin(), facts.sample.end());
  const bool whole = std::all_of(first.begin(), first.end(), [](double v) { return v == std::floor(v); });
  if (!whole || first.size() > most_listed_values) return;
  const at::Tensor different = std::get<0>(at::_unique(flat.to(at::kDouble)));
  if (different.numel() > static_cast<int64_t>(most_listed_values)) return;
  for (int64_t i = 0; i < different.numel(); ++i) {
    const double value = different[i].item<double>();
    if (value != std::floor(value)) {
      facts.values.clear();
      return;
    }
    facts.values.push_back(value);
  }
}

void measure_volume(const imaging::Volume& stored, FileFacts& facts) {
  const imaging::Volume volume = stored.orientation_known ? preprocess::reorient(stored, "LPS") : stored;
  facts.geometry = volume.geometry;
  facts.oriented = volume.orientation_known;
  facts.size = volume.geometry.size;
  if (facts.spacing && facts.oriented) facts.spacing = volume.geometry.spacing;
  measure_values(volume, facts);
}

/// Of a slide the header alone: all its pixels would take minutes. A TIFF that no scanner's software wrote
/// may be any picture, and is read as one unless it is large.
void measure_slide(FileFacts& facts) {
  constexpr int64_t largest_picture = 5000;
  try {
    const imaging::SlideInfo info = imaging::open_slide(facts.path).info();
    const imaging::SlideLevel& finest = info.levels.front();
    facts.size = {finest.width, finest.height, 1};
    facts.channels = 3;
    facts.max = 255;
    facts.kind = "slide";
    if (info.mpp) facts.spacing = {{(*info.mpp)[0] / 1000, (*info.mpp)[1] / 1000, thickness_of_pictures}};
    if (info.backend != "tiff" && info.vendor != "generic-tiff") {
      facts.modality = imaging::Modality::histopathology;
    } else if (std::max(finest.width, finest.height) <= largest_picture && info.levels.size() == 1) {
      const imaging::Volume picture = imaging::read_volume(facts.path);
      facts.kind = "volume";
      facts.channels = picture.data.size(0);
      measure_volume(picture, facts);
    }
  } catch (const core::Error& error) {
    facts.error = error.what();
  }
}

}  // namespace

FileFacts measure_file(const std::filesystem::path& path, size_t row) {
  FileFacts facts;
  facts.row = row;
  facts.path = path;
  std::error_code code;
  if (std::filesystem::is_regular_file(path, code) && imaging::looks_like_slide(path)) {
    measure_slide(facts);
    return facts;
  }
  const imaging::Inspection found = imaging::inspect(path);
  facts.kind = found.kind;
  facts.modality = found.modality;
  facts.units = found.units;
  facts.error = found.error;
  facts.channels = found.channels;
  facts.min = found.min;
  facts.max = found.max;
  if (found.size) facts.size = *found.size;
  // How thick a picture is nobody knows.
  if (found.spacing && !std::isnan((*found.spacing)[0]) && !std::isnan((*found.spacing)[1])) {
    facts.spacing = found.spacing;
    if (std::isnan((*facts.spacing)[2])) (*facts.spacing)[2] = thickness_of_pictures;
  }
  if (found.volume) measure_volume(*found.volume, facts);
  return facts;
}

std::vector<double> sample_within(const FileFacts& image, const FileFacts& mask) {
  if (image.size != mask.size || !image.geometry.matches(mask.geometry)) return {};
  const auto voxels = imaging::inspect(image.path), regions = imaging::inspect(mask.path);
  if (!voxels.volume || !regions.volume) return {};
  const at::Tensor inside = (regions.volume->data != 0).any(0);
  if (voxels.volume->data.sizes().slice(1) != inside.sizes()) return {};
  return spread_sample(voxels.volume->data[0].masked_select(inside));
}

std::vector<FileFacts> measure_column(const FileColumn& column, int64_t most) {
  const auto count = static_cast<int64_t>(column.files.size());
  const int64_t taken = most > 0 ? std::min(most, count) : count;
  std::vector<FileFacts> facts(static_cast<size_t>(taken));
  core::Progress progress("measuring " + column.name, taken, core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(taken, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [row, path] = column.files[static_cast<size_t>(i * count / taken)];
      facts[static_cast<size_t>(i)] = measure_file(path, row);
    }
    progress.advance(end - begin);
  });
  return facts;
}

}  // namespace photo51::data
