#include "photo51/data/images/preview.hpp"

#include <ATen/ATen.h>

#include "data/images/instances.hpp"
#include "data/images/read_input.hpp"
#include "photo51/imaging/slide/readable.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

Volume whole_slide(const Cohort::Impl& cohort, size_t input, size_t row, size_t file, int64_t longest_side) {
  const SlideFile slide = slide_file(cohort, input, row, file);
  imaging::SlideOptions how = cohort.inputs[input].second.tile->slide;
  if (slide.mpp > 0) how.mpp = slide.mpp;
  const at::Tensor picture = imaging::readable_thumbnail(imaging::open_slide(slide.path, how), longest_side);
  imaging::Geometry geometry;
  geometry.size = {picture.size(2), picture.size(1), 1};
  return imaging::make_volume(picture.unsqueeze(1), geometry, imaging::Modality::histopathology);
}

/// Three planes of one color picture as one volume again.
Volume joined(std::vector<std::optional<Volume>> planes) {
  Volume volume = std::move(*planes[0]);
  if (planes.size() != 3) return volume;
  volume.data = at::cat({volume.data, planes[1]->data, planes[2]->data});
  return volume;
}

}  // namespace

std::optional<Preview> preview(const Cohort& cohort, int64_t row, const std::string& input,
                               int64_t longest_side) {
  const auto& impl = cohort.impl();
  const size_t in = impl.input_index(input), at = static_cast<size_t>(row);
  const auto& options = impl.inputs[in].second;
  const auto& files = impl.files[in][at];
  size_t file = 0;
  while (file < files.channels.size() && files.channels[file].empty()) ++file;
  if (file == files.channels.size()) return {};
  Preview found;
  found.channel = options.channels[files.views.empty() ? file : files.views[file]];
  if (options.tile && options.center.empty()) {
    found.image = whole_slide(impl, in, at, file, longest_side);
    return found;
  }
  found.image = joined(read_channel(impl, in, at, file, imaging::modality_from(options.modality)).channels);
  const bool elsewhere = file < files.registrations.size() && !files.registrations[file].empty();
  if (!files.mask.empty() && !elsewhere)
    found.mask = read_row_mask(impl, in, at, {&found.image}, &found.image);
  return found;
}

}  // namespace photo51::data
