#include "photo51/training/plan/image_grids.hpp"

#include <algorithm>
#include <map>

#include "radiomics/region/moments.hpp"

namespace photo51::training {

std::vector<CaseBox> boxes_of(const data::PlannedImage& input) {
  std::map<size_t, CaseBox> by_row;
  for (const auto& channel : input.channels)
    for (const auto& facts : channel.facts) {
      auto& one = by_row[facts.row];
      const data::VoxelBox box = facts.nonzero.value_or(data::VoxelBox{{0, 0, 0}, facts.size});
      if (one.facts == nullptr) {
        one = {&facts, box};
      } else if (one.facts->size == facts.size) {
        for (size_t axis = 0; axis < 3; ++axis) {
          one.box.begin[axis] = std::min(one.box.begin[axis], box.begin[axis]);
          one.box.end[axis] = std::max(one.box.end[axis], box.end[axis]);
        }
      }
    }
  std::vector<CaseBox> boxes;
  for (const auto& [row, one] : by_row) boxes.push_back(one);
  return boxes;
}

std::array<double, 3> spacing_of(const data::FileFacts& facts) {
  if (facts.spacing) return *facts.spacing;
  return {1, 1, facts.size[2] == 1 ? data::thickness_of_pictures : 1.0};
}

std::vector<CaseGrid> grids_of(const data::PlannedImage& input) {
  std::vector<CaseGrid> grids;
  for (const auto& one : boxes_of(input)) {
    auto spacing = spacing_of(*one.facts);
    if (input.dims == 2 && spacing[2] <= std::max(spacing[0], spacing[1]))
      spacing[2] = data::thickness_of_pictures;
    grids.push_back(
        {{spacing[2], spacing[1], spacing[0]}, {one.box.length(2), one.box.length(1), one.box.length(0)}});
  }
  return grids;
}

double share_of_nonzero(const data::PlannedImage& input) {
  std::vector<double> shares;
  for (const auto& one : boxes_of(input)) {
    double share = 1;
    for (size_t axis = 0; axis < 3; ++axis)
      share *= static_cast<double>(one.box.length(axis)) / static_cast<double>(one.facts->size[axis]);
    shares.push_back(share);
  }
  return radiomics::percentile(shares, 50);
}

}  // namespace photo51::training
