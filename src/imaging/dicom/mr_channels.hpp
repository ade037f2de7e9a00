#pragma once
/// MR images at one place that differ by diffusion weighting or by time.

#include <optional>

#include "imaging/dicom/volume.hpp"

namespace photo51::imaging {

/// The images as channels: `b0`, `b1000`, … with `b_values` where b-values differ, else `t0`, `t1`, … with
/// `seconds` where only temporal positions or times do. Nothing, with the objects untouched, when there is
/// one image a place or something else tells them apart (echoes, magnitude and phase). Error (data): a
/// b-value or time that some places lack.
std::optional<Volume> read_mr_channels(std::vector<DicomObject>& objects, const std::string& source,
                                       const ReadOptions& options);

}  // namespace photo51::imaging
