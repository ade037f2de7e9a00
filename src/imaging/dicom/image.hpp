#pragma once
/// What the numbers and the place of one or more DICOM image headers mean.

#include <vector>

#include "imaging/dicom/functional_groups.hpp"
#include "imaging/dicom/header.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::imaging {

/// Error (data) when the object is not an image volume: no pixels, a segmentation, a slide, a cine.
void require_volume(const DicomHeader& header);

/// All pixels of one file after the modality lookup or each frame's rescale, [frames, samples, rows,
/// columns]; color as RGB. Error (data): a slope of 0, and what read_dicom_pixels refuses.
at::Tensor read_values(const DicomHeader& header, const std::vector<DicomFrame>& frames,
                       core::ThreadPool* pool = nullptr);

/// Error (data): a CT or PET without the rescale that makes its stored numbers Hounsfield units or activity.
void require_units(const DicomHeader& header, const std::vector<DicomFrame>& frames);

/// Whether the image lies in the patient at all: a projection or a picture without a position does not, and
/// lacks nothing.
bool is_placed(const DicomHeader& header);

/// Modality, units and warnings from a header and its frames.
void describe_values(const DicomHeader& header, const std::vector<DicomFrame>& frames, Volume& volume);

/// Along the slice normal: row direction x column direction.
std::array<double, 3> normal_of(const std::array<double, 6>& orientation);

}  // namespace photo51::imaging
