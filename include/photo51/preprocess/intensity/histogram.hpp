#pragma once
/// Histogram standardisation (Nyul, Udupa and Zhang, New variants of a method of MRI scale standardization,
/// IEEE TMI 19(2), 2000), in two steps so that a prepared image does not depend on what was learned: an image
/// is counted in its own landmarks first, and given the learned ones when it is read.

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "photo51/preprocess/intensity/normalize.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// The low percentile, the nine deciles and the high percentile.
constexpr size_t histogram_landmarks = 11;

/// Replaces each voxel of a channel (float32, contiguous) by its place among the image's own landmarks: k at
/// landmark k, linear in between, and beyond the ends along the outermost pieces. Voxels outside the scan
/// (NaN), and with region foreground those not above the threshold, become NaN. Gives the landmarks, which
/// come from the region (see normalize.hpp); none of a region without spread, whose voxels all become NaN.
/// `whole` as for `normalize`; `told`, when given, gets the region and what is odd. Error (data) when the
/// region is the mask and it is undefined or empty.
std::vector<double> to_landmark_scale(at::Tensor& channel, const at::Tensor& mask,
                                      const NormalizeOptions& options,
                                      const std::optional<Intensities>& whole = {},
                                      Normalized* told = nullptr);

/// What the training images' landmarks are on average once each has its outermost two at 0 and 1. Images
/// without landmarks take no part. Error (data) when none has any.
std::vector<double> mean_landmarks(const std::vector<std::vector<double>>& images);

/// Finishes in place: place k becomes landmark k, NaN becomes 0.
void from_landmark_scale(at::Tensor& channel, const std::vector<double>& landmarks);

}  // namespace photo51::preprocess
