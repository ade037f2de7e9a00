#include "photo51/preprocess/bytes.hpp"

#include <ATen/ATen.h>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/preprocess/intensity/normalize.hpp"
#include "preprocess/geometry/grid.hpp"

namespace photo51::preprocess {

bool keeps_bytes(const PreprocessOptions& options, int64_t channels, const std::array<int64_t, 2>& size) {
  const bool stays = options.bias_field_correction.method == BiasMethod::none &&
                     (options.orientation == "none" || options.orientation == "LPS") &&
                     options.spacing.empty() && options.crop.around == CropAround::none &&
                     (options.size.empty() || options.size == std::vector<int64_t>{size[0], size[1], 1});
  const NormalizeOptions& normalize = options.normalize;
  const auto means = static_cast<int64_t>(normalize.mean.size());
  const bool by_value = normalize.method == NormalizeMethod::none ||
                        normalize.method == NormalizeMethod::window ||
                        (normalize.method == NormalizeMethod::fixed && (means == 1 || means >= channels));
  return stays && by_value;
}

at::Tensor byte_values(const NormalizeOptions& options, int64_t channels) {
  const at::Tensor table = at::arange(256, at::kFloat).repeat({channels, 1});
  for (int64_t c = 0; c < channels; ++c) {
    at::Tensor channel = table.select(0, c);
    normalize(channel, {}, options, static_cast<size_t>(c));
  }
  return table;
}

Prepared prepare_bytes(const std::vector<std::optional<imaging::Volume>>& channels,
                       const PreprocessOptions& options) {
  std::vector<at::Tensor> planes;
  for (const auto& channel : channels) {
    if (!channel || channel->data.scalar_type() != at::kByte)
      core::fail_usage("prepare_bytes: takes channels of 8 bits, none of them absent");
    if (channel->data.sizes() != channels.front()->data.sizes())
      core::fail_usage("prepare_bytes: the channels differ in size");
    planes.push_back(channel->data);
  }
  if (planes.empty()) core::fail_usage("prepare_bytes: there is no channel");
  const imaging::Geometry grid = full_grid(channels.front()->geometry, options);
  Prepared result;
  result.frame = channels.front()->geometry;
  result.geometry =
      output_grid(grid, {{0, 0, 0}, {grid.size[0] - 1, grid.size[1] - 1, grid.size[2] - 1}}, options);
  result.values = at::cat(planes);
  return result;
}

bool only_mirrors(const AugmentOptions& options) {
  AugmentOptions rest = options, none;
  rest.flip.clear();
  // As text, so that an augmentation that is added later counts too.
  return config::to_yaml(config::dump(rest)) == config::to_yaml(config::dump(none));
}

}  // namespace photo51::preprocess
