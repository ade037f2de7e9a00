#pragma once
/// From matrices of slices and directions to features, whatever the matrix.

#include <algorithm>

#include "radiomics/ibsi/families.hpp"
#include "radiomics/ibsi/mean.hpp"
#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

/// `count(range, planar)` makes one matrix a direction (or one matrix in all), `describe(matrix)` the
/// features of one, NaN where it is empty. Matrices have `add(other)`.
template <class Count, class Describe>
Values aggregate(const Texture& texture, Aggregations wanted, size_t features, Count&& count,
                 Describe&& describe) {
  using Space = Aggregation::Space;
  using Matrices = decltype(count(Range{}, true));
  const auto merge = [](const Matrices& all) {
    auto sum = all.front();
    for (size_t i = 1; i < all.size(); ++i) sum.add(all[i]);
    return sum;
  };
  const auto described = [&](Matrices& all, bool merged, Mean& mean) {
    if (merged && all.size() > 1) {
      auto sum = merge(all);
      mean.add(describe(sum));
    } else {
      for (auto& matrix : all) mean.add(describe(matrix));
    }
  };
  const auto asked = [&](Space space) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const Aggregation& one) { return one.space == space; });
  };
  const Range all{0, texture.voxels.size()};
  std::vector<Mean> means(wanted.size(), Mean(features));
  if (asked(Space::slices)) {
    for (size_t i = 0; i + 1 < texture.slices.size(); ++i) {
      auto matrices = count(Range{texture.slices[i], texture.slices[i + 1]}, true);
      for (size_t j = 0; j < wanted.size(); ++j)
        if (wanted[j].space == Space::slices) described(matrices, wanted[j].merged, means[j]);
    }
  }
  for (const Space space : {Space::merged_slices, Space::volume}) {
    if (!asked(space)) continue;
    auto matrices = count(all, space == Space::merged_slices);
    for (size_t j = 0; j < wanted.size(); ++j)
      if (wanted[j].space == space) described(matrices, wanted[j].merged, means[j]);
  }
  Values values;
  for (const Mean& mean : means) values.push_back(mean.value());
  return values;
}

}  // namespace photo51::radiomics
