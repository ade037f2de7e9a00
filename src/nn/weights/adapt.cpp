#include "photo51/nn/weights/adapt.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_trilinear3d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "photo51/core/text.hpp"

namespace photo51::nn {

namespace {

using Grid = std::vector<int64_t>;

int64_t places_of(const Grid& grid) {
  return std::accumulate(grid.begin(), grid.end(), int64_t{1}, std::multiplies<>());
}

/// A square or cube of that many places.
std::optional<Grid> equal_edges(int64_t places, int64_t dims) {
  const auto edge = std::llround(std::pow(static_cast<double>(places), 1.0 / static_cast<double>(dims)));
  Grid grid(static_cast<size_t>(dims), edge);
  if (edge < 1 || places_of(grid) != places) return std::nullopt;
  return grid;
}

std::string grid_name(const Grid& grid) {
  std::vector<std::string> edges;
  for (const int64_t edge : grid) edges.push_back(std::to_string(edge));
  return core::join(edges, " x ");
}

/// [N, D] of one grid as [M, D] of another.
at::Tensor resample(const at::Tensor& vectors, const Grid& from, const Grid& to, bool antialias) {
  const int64_t width = vectors.size(1);
  at::Tensor map = vectors.to(at::kFloat).t().unflatten(1, from).unsqueeze(0);
  if (from.size() == 3) {
    map = at::upsample_trilinear3d(map, to, /*align_corners=*/false);
  } else {
    const Grid plane(to.end() - 2, to.end());
    map =
        antialias ? at::_upsample_bicubic2d_aa(map, plane, false) : at::upsample_bicubic2d(map, plane, false);
    if (to.size() == 3) map = map.unsqueeze(2).expand({1, width, to[0], to[1], to[2]});
  }
  return map.reshape({width, -1}).t().contiguous().to(vectors.scalar_type());
}

/// What a network computes of its window and grid.
bool is_computed(const std::string& name) {
  constexpr std::string_view names[] = {"relative_position_index", "relative_coords_table", "attn_mask"};
  return std::ranges::any_of(names, [&](std::string_view end) { return name.ends_with(end); });
}

class Adaptation {
 public:
  Adaptation(const AdaptOptions& options, const AdaptTarget& target, int64_t file_dims)
      : options_(options), target_(target), file_dims_(file_dims) {}

  at::Tensor adapt(const std::string& name, const at::Tensor& given, const at::Tensor& own) {
    at::Tensor values = given;
    if (is_flat_kernel(values, own)) values = inflated(values, own);
    if (is_first_kernel(values, own)) values = with_channels(name, values, own.size(1));
    if (values.sizes() == own.sizes()) return values;
    if (is_computed(name)) return needs_positions() ? computed(own) : values;
    for (const auto& table : target_.positions)
      if (table.name == name) return with_grid(table, values, own);
    if (name.ends_with("relative_position_bias_table")) return with_window(values, own);
    return values;
  }

  Adapted finish(Tensors tensors) {
    std::vector<std::string> changes;
    for (const auto& [what, count] : counted_) changes.push_back(what + ", " + std::to_string(count));
    changes.insert(changes.end(), single_.begin(), single_.end());
    return {std::move(tensors), std::move(changes), {would_help_.begin(), would_help_.end()}};
  }

 private:
  static bool is_flat_kernel(const at::Tensor& given, const at::Tensor& own) {
    return given.dim() == 4 && own.dim() == 5 && given.is_floating_point();
  }
  at::Tensor inflated(const at::Tensor& given, const at::Tensor& own) {
    if (options_.inflate == Inflate::none) {
      would_help_.insert("adapt.inflate");
      return given;
    }
    const int64_t depth = own.size(2);
    std::vector<int64_t> sizes = given.sizes().vec();
    sizes.insert(sizes.begin() + 2, depth);
    ++counted_["inflate: " + std::string(config::name_of(options_.inflate)) + ", kernels"];
    if (options_.inflate == Inflate::repeat)
      return (given.unsqueeze(2) / static_cast<double>(depth)).expand(sizes).contiguous();
    at::Tensor values = at::zeros(sizes, given.options());
    values.select(2, depth / 2).copy_(given);
    return values;
  }

  bool is_first_kernel(const at::Tensor& given, const at::Tensor& own) const {
    return own.dim() >= 4 && given.dim() >= 4 && given.is_floating_point() &&
           own.size(1) == target_.channels && given.size(1) != own.size(1) && given.size(0) == own.size(0) &&
           given.sizes().slice(2) == own.sizes().slice(given.dim() == own.dim() ? 2 : 3);
  }
  at::Tensor with_channels(const std::string& name, const at::Tensor& given, int64_t wanted) {
    if (options_.channels == AdaptChannels::none) {
      would_help_.insert("adapt.channels");
      return given;
    }
    if (given.dim() == 4 && target_.dims == 3) return given;  // as long as it is flat
    const int64_t had = given.size(1);
    at::Tensor values = given.to(at::kDouble);
    if (wanted == 1) {
      values = values.sum(1, /*keepdim=*/true);
    } else {
      if (options_.channels == AdaptChannels::mean) values = values.mean(1, true);
      std::vector<int64_t> times(static_cast<size_t>(given.dim()), 1);
      times[1] = (wanted + values.size(1) - 1) / values.size(1);
      values = values.repeat(times).narrow(1, 0, wanted) *
               (static_cast<double>(had) / static_cast<double>(wanted));
    }
    single_.push_back("channels: " + std::string(config::name_of(options_.channels)) + ", " +
                      std::to_string(had) + " -> " + std::to_string(wanted) + " (" + name + ")");
    return values.to(given.scalar_type()).contiguous();
  }

  bool needs_positions() {
    if (options_.positions == AdaptPositions::interpolate) return true;
    would_help_.insert("adapt.positions");
    return false;
  }
  at::Tensor computed(const at::Tensor& own) {
    ++counted_["positions: computed anew, buffers"];
    return own.detach();
  }
  at::Tensor with_grid(const PositionTable& table, const at::Tensor& given, const at::Tensor& own) {
    if (given.dim() != 3 || own.dim() != 3 || given.size(0) != 1 || given.size(2) != own.size(2))
      return given;
    const auto from = equal_edges(given.size(1) - table.prefix, file_dims_);
    if (!from || !needs_positions()) return given;
    single_.push_back("positions: " + grid_name(*from) + " -> " + grid_name(table.grid) + " (" + table.name +
                      ")");
    const at::Tensor places = resample(given.select(0, 0).slice(0, table.prefix), *from, table.grid, true);
    return at::cat({given.select(0, 0).slice(0, 0, table.prefix), places}).unsqueeze(0);
  }
  at::Tensor with_window(const at::Tensor& given, const at::Tensor& own) {
    if (given.dim() != 2 || own.dim() != 2 || given.size(1) != own.size(1)) return given;
    const auto from = equal_edges(given.size(0), file_dims_), to = equal_edges(own.size(0), target_.dims);
    if (!from || !to || !needs_positions()) return given;
    ++counted_["positions: offsets " + grid_name(*from) + " -> " + grid_name(*to) + ", tables"];
    return resample(given, *from, *to, false);
  }

  const AdaptOptions& options_;
  const AdaptTarget& target_;
  int64_t file_dims_;
  std::map<std::string, int64_t> counted_;
  std::vector<std::string> single_;
  std::set<std::string> would_help_;
};

/// Of the images that the weights were made for, by their largest kernels; those of the network where there
/// are none.
int64_t dims_of(const Tensors& given, int64_t otherwise) {
  int64_t most = 0;
  for (const auto& entry : given) most = std::max(most, entry.second.dim() - 2);
  return most < 2 || most > 3 ? otherwise : most;
}

}  // namespace

Adapted adapt(const Tensors& given, const Tensors& own, const AdaptOptions& options,
              const AdaptTarget& target) {
  const at::NoGradGuard no_grad;
  Adaptation adaptation(options, target, dims_of(given, target.dims));
  Tensors tensors;
  for (const auto& [name, values] : given) {
    const auto wanted = own.find(name);
    tensors[name] = wanted == own.end() || wanted->second.sizes() == values.sizes()
                        ? values
                        : adaptation.adapt(name, values, wanted->second);
  }
  return adaptation.finish(std::move(tensors));
}

}  // namespace photo51::nn
