#pragma once
/// Which anchors learn which box: [A] int64, the index of a box, or one of the two below. Computed on the
/// device of the anchors.

#include <ATen/core/Tensor.h>

#include "photo51/radiogenomics/detection/anchors.hpp"

namespace photo51::radiogenomics {

inline constexpr int64_t match_none = -1;     ///< learns that there is no box
inline constexpr int64_t match_ignored = -2;  ///< learns nothing

/// By overlap [N, A] of boxes and anchors: the box that an anchor overlaps most, from `high` on. With
/// `low_quality` the anchors that overlap a box most, of equals all, learn the box that they overlap most,
/// however little. Error (usage): `overlap` is no matrix.
at::Tensor match_by_overlap(const at::Tensor& overlap, const MatcherOptions& options);

/// Zhang et al., Bridging the gap between anchor-based and anchor-free detection, CVPR 2020: of each level
/// the anchors nearest to a box's centre, `candidates` times those of a place but no more than there are
/// places; of these the ones that overlap by at least mean plus standard deviation, and with `centre_inside`
/// have their centre in the box, 0.01 voxels from its border. An anchor of several boxes learns the one that
/// it overlaps most. Of equal distances the first anchors are taken.
at::Tensor match_atss(const at::Tensor& boxes, const Anchors& anchors, const MatcherOptions& options);

/// As `options` say. No boxes: all learn that there is none.
at::Tensor match_boxes(const at::Tensor& boxes, const Anchors& anchors, const MatcherOptions& options);

}  // namespace photo51::radiogenomics
