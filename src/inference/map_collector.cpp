#include "inference/map_collector.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "photo51/preprocess/geometry/restore.hpp"

namespace photo51::inference {
namespace {

/// Voxels of the file's grid that are made at once.
constexpr int64_t slab_voxels = int64_t{1} << 22;

/// Probabilities [K, ...] of logits on a part of the file's grid; the background where the logits say
/// nothing.
at::Tensor probabilities_on(const at::Tensor& logits, const imaging::Geometry& prepared,
                            const imaging::Geometry& part) {
  ops::ResampleOptions how;
  how.padding_value = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor found = preprocess::restore(logits, prepared, part, {}, how);
  const at::Tensor beyond = found[0].isnan();
  at::Tensor probabilities = found.softmax(0);
  probabilities.masked_fill_(beyond, 0);
  probabilities[0].masked_fill_(beyond, 1);
  return probabilities;
}

double voxel_ml(const imaging::Geometry& grid) {
  return grid.spacing[0] * grid.spacing[1] * grid.spacing[2] * std::abs(grid.handedness()) / 1000;
}

std::vector<int64_t> class_voxels(const at::Tensor& classes, int64_t outputs) {
  const at::Tensor counts = at::bincount(classes.reshape({-1}).to(at::kLong), {}, outputs);
  return {counts.const_data_ptr<int64_t>(), counts.const_data_ptr<int64_t>() + outputs};
}

}  // namespace

void MapCollector::add(const TrainedModel& member, const data::Batch& batch, const model::Outputs& outputs) {
  const c10::InferenceMode ordinary_tensors(false);
  for (const auto& [head, input] : member.model->map_heads()) {
    const auto found = outputs.logits.find(head);
    if (found == outputs.logits.end()) continue;
    const auto& of = batch.inputs.at(input);
    for (int64_t row = 0; row < batch.size(); ++row) {
      const auto at = static_cast<size_t>(row);
      if (at >= of.grids.size() || !of.grids[at]) continue;
      auto& drawn = drawn_[batch.cases[at]][head];
      drawn.grids = of.grids[at];
      at::Tensor logits = found->second[row].detach().to(at::kCPU, at::kFloat);
      if (logits.dim() == 3) logits = logits.unsqueeze(1);  // one slice
      drawn.logits.push_back(logits.contiguous().clone());
    }
  }
}

std::vector<CaseMap> MapCollector::maps(const std::vector<data::TaskSpec>& labels,
                                        const std::vector<std::string>& cases) {
  std::vector<CaseMap> all;
  for (const auto& name : cases)
    for (const auto& label : labels) {
      const auto of_case = drawn_.find(name);
      if (of_case == drawn_.end() || !of_case->second.contains(label.head)) continue;
      all.push_back(finished(name, label, of_case->second.at(label.head)));
    }
  drawn_.clear();
  return all;
}

CaseMap MapCollector::finished(const std::string& case_id, const data::TaskSpec& label, const Drawn& drawn) {
  CaseMap map;
  map.case_id = case_id;
  map.head = label.head;
  map.geometry = drawn.grids->original;
  const auto& size = map.geometry.size;
  map.classes = at::empty({size[2], size[1], size[0]}, at::kByte);
  const int64_t outputs = drawn.logits.front().size(0);
  std::vector<std::vector<int64_t>> voxels(drawn.logits.size(),
                                           std::vector<int64_t>(static_cast<size_t>(outputs), 0));
  const int64_t slab = std::clamp<int64_t>(slab_voxels / (size[0] * size[1]), 1, size[2]);
  for (int64_t begin = 0; begin < size[2]; begin += slab) {
    const int64_t count = std::min(slab, size[2] - begin);
    const auto part = preprocess::patch_grid(map.geometry, {{0, 0, begin}, {size[0], size[1], count}});
    at::Tensor sum;
    for (size_t m = 0; m < drawn.logits.size(); ++m) {
      const at::Tensor one = probabilities_on(drawn.logits[m], drawn.grids->prepared, part);
      if (drawn.logits.size() > 1) {
        const auto own = class_voxels(one.argmax(0), outputs);
        for (size_t k = 0; k < own.size(); ++k) voxels[m][k] += own[k];
      }
      sum = sum.defined() ? sum.add_(one) : one;
    }
    map.classes.narrow(0, begin, count).copy_(sum.argmax(0));
  }
  const double ml = voxel_ml(map.geometry);
  const auto together = class_voxels(map.classes, outputs);
  for (size_t k = 1; k < together.size(); ++k) {
    CaseMap::Millilitres volume;
    volume.value = volume.low = volume.high = static_cast<double>(together[k]) * ml;
    const auto members = static_cast<double>(voxels.size());
    double mean = 0, squares = 0;
    for (const auto& of : voxels) mean += static_cast<double>(of[k]) * ml / members;
    for (const auto& of : voxels) squares += std::pow(static_cast<double>(of[k]) * ml - mean, 2);
    if (voxels.size() > 1) {
      const double half = 1.959963984540054 * std::sqrt(squares / (members - 1));
      volume.low = std::max(0.0, std::min(volume.value, mean - half));
      volume.high = std::max(volume.value, mean + half);
    }
    map.volumes.push_back(volume);
  }
  return map;
}

}  // namespace photo51::inference
