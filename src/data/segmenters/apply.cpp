#include "data/segmenters/apply.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "data/cohort/cohort_impl.hpp"
#include "data/images/geometry.hpp"
#include "data/modality/image.hpp"
#include "data/segmenters/region.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/masks/mask.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

bool uses(const SegmenterOptions& options, RegionUse use) {
  return std::ranges::find(options.use, use) != options.use.end();
}

/// What the segmenter is shown of the study. Error (data): nothing.
SegmenterImages shown_images(const InputVolumes& study, const SegmenterOptions& options) {
  const std::vector<std::string>& wanted = options.channels.empty() ? study.names : options.channels;
  SegmenterImages images;
  for (const auto& name : wanted) {
    const auto at = static_cast<size_t>(std::ranges::find(study.names, name) - study.names.begin());
    const bool present = study.channels[at].has_value();
    if (!present && !options.together) continue;
    images.channels.push_back(study.channels[at]);
    images.registrations.push_back(study.registrations[at]);
    images.names.push_back(name);
    if (!options.together) break;
  }
  if (std::ranges::none_of(images.channels, [](const auto& one) { return one.has_value(); }))
    core::fail_data("the case has none of the channels " + core::join(wanted, ", ") +
                    " that the region is found in; name more of the input's channels there");
  return images;
}

void strip(Volume& image, const Volume& region, double background) {
  const at::Tensor inside = image.geometry.matches(region.geometry)
                                ? region.data
                                : imaging::on_grid_of(region, image.geometry).data;
  // 0 is a value of every type; others may be none of the stored one.
  if (background != 0) image = imaging::to_float(std::move(image));
  image.data = image.data.masked_fill(inside == 0, background);
}

/// The image cut to the box of the region, and `margin` mm on every side of it.
void crop(Volume& image, const Volume& region, double margin) {
  const at::Tensor inside = image.geometry.matches(region.geometry)
                                ? region.data
                                : imaging::on_grid_of(region, image.geometry).data;
  std::array<double, 3> corner{};
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t place = 3 - static_cast<int64_t>(axis);  // of [C, D, H, W]
    const at::Tensor along =
        inside.amax(std::vector<int64_t>{0, place % 3 + 1, (place + 1) % 3 + 1}).nonzero();
    if (along.numel() == 0) core::fail_data(image.source + ": holds nothing of the region that was found");
    const auto more = static_cast<int64_t>(std::ceil(margin / image.geometry.spacing[axis] - 1e-6));
    const int64_t first = std::max<int64_t>(0, along.min().item<int64_t>() - more);
    const int64_t last = std::min(image.data.size(place) - 1, along.max().item<int64_t>() + more);
    image.data = image.data.narrow(place, first, last - first + 1);
    image.geometry.size[axis] = last - first + 1;
    corner[axis] = static_cast<double>(first);
  }
  image.geometry.origin = image.geometry.to_world(corner);
  image.data = image.data.contiguous();
}

/// Uses of a region in the world of the study's frame.
std::optional<imaging::Geometry> use_region(InputVolumes& study, const Volume& region,
                                            const SegmenterOptions& options) {
  Volume* frame = nullptr;  // what the preparation takes its grid from
  for (size_t i = 0; i < study.channels.size(); ++i) {
    auto& image = study.channels[i];
    if (!image) continue;
    if (!study.registrations[i] && frame == nullptr) frame = &*image;
    if (!uses(options, RegionUse::strip)) continue;
    Volume there = region;
    if (study.registrations[i]) there.geometry = moved(region.geometry, *study.registrations[i]);
    strip(*image, there, options.background);
  }
  if (uses(options, RegionUse::mask)) study.mask = region;
  if (frame == nullptr && study.mask) frame = &*study.mask;
  if (!uses(options, RegionUse::crop) || frame == nullptr) return {};
  const imaging::Geometry whole = frame->geometry;
  crop(*frame, region, options.margin);
  return whole;
}

/// A program that cannot be loaded is no fault of the case at hand.
std::shared_ptr<const Segmenter> loaded(const config::Choice& choice) {
  try {
    return segmenter_row(choice).make(choice);
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data) throw;
    core::fail_usage(error.what());
  }
}

}  // namespace

size_t SegmenterImages::frame() const {
  size_t first = channels.size();
  for (size_t i = 0; i < channels.size(); ++i) {
    if (!channels[i]) continue;
    if (!registrations[i]) return i;
    first = std::min(first, i);
  }
  return first;
}

const SegmenterRow& segmenter_row(const config::Choice& segmenter) {
  const SegmenterRow* row = segmenters().find(segmenter.name);
  if (row == nullptr) core::fail_usage("there is no segmenter `" + segmenter.name + "`");
  return *row;
}

const SegmenterOptions* segmenter_options(const config::Choice& segmenter) {
  return segmenter.empty() ? nullptr : &segmenter_row(segmenter).options(segmenter);
}

bool makes_mask(const config::Choice& segmenter) {
  const SegmenterOptions* options = segmenter_options(segmenter);
  return options != nullptr && uses(*options, RegionUse::mask);
}

std::optional<imaging::Geometry> apply_segmenter(const Cohort::Impl& cohort, size_t input,
                                                 InputVolumes& study) {
  const config::Choice& choice = cohort.image_options(input).segmenter;
  const SegmenterOptions* options = segmenter_options(choice);
  if (options == nullptr) return {};
  return core::with_context("segmenter", [&] {
    const auto segmenter = cohort.stores.segmenters.get(input, [&] { return loaded(choice); });
    const SegmenterImages images = shown_images(study, *options);
    const size_t frame = images.frame();
    Volume region = (*segmenter)->find(images);
    if (options->dilate != 0) dilate(region, options->dilate);
    if (!region.data.any().item<bool>())
      core::fail_data(images.channels[frame]->source +
                      ": nothing is found in it; look at the image, lower `threshold` (" +
                      core::format_number(options->threshold) + "), or leave the case out");
    if (images.registrations[frame])
      region.geometry = moved_back(region.geometry, *images.registrations[frame]);
    return use_region(study, region, *options);
  });
}

std::string program_texts(const Cohort::Impl& cohort, size_t input) {
  std::string text;
  config::Choice choice = cohort.choice(input);
  for (const NamedProgram& program : named_files(choice).programs)
    text += program.key + " " + cohort.files.hash_of(*program.file) + "\n";
  return text;
}

void leave_out_programs(const config::Choice& input, config::Node& options) {
  config::Choice choice = input;
  for (const NamedProgram& program : named_files(choice).programs) {
    config::Node* at = &options;
    const auto parts = core::split(program.key, '.');
    for (size_t i = 0; i + 1 < parts.size() && at != nullptr; ++i) at = at->find(parts[i]);
    if (at != nullptr) at->erase(parts.back());
  }
}

}  // namespace photo51::data
