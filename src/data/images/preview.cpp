#include "photo51/data/images/preview.hpp"

#include <ATen/ATen.h>

#include "data/images/read_input.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

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
  const RowFiles& files = impl.files[in][at];
  size_t file = 0;
  while (file < files.channels.size() && files.channels[file].empty()) ++file;
  if (file == files.channels.size()) return {};
  Preview found;
  found.channel = impl.channel_of(in, at, file);
  const auto& image = impl.modality(in).image;
  if (image && image->overview != nullptr)
    if (auto whole = image->overview(impl, in, at, file, longest_side)) {
      found.image = std::move(*whole);
      return found;
    }
  found.image = joined(read_channel(impl, in, at, file).channels);
  const bool elsewhere = file < files.registrations.size() && !files.registrations[file].empty();
  if (!files.mask.empty() && !elsewhere)
    found.mask = read_row_mask(impl, in, at, {&found.image}, &found.image);
  return found;
}

}  // namespace photo51::data
