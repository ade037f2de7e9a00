#pragma once
/// What the numbers and the place of one or more DICOM image headers mean.

#include <vector>

#include "imaging/dicom_tags.hpp"

namespace photo51::imaging {

/// Error (data) when the object is not a plain image: no pixels, a segmentation, a slide, several frames.
void require_plain_image(const DicomHeader& header);

/// Pixels of one file after rescale, [samples, rows, columns]. Error (data): a CT without its rescale.
at::Tensor read_values(const DicomHeader& header);

/// Modality, units and warnings from a header.
void describe_values(const DicomHeader& header, Volume& volume);

/// Along the slice normal: row direction x column direction.
std::array<double, 3> normal_of(const std::array<double, 6>& orientation);

/// Sorts slices of one series by position along the normal and gives their common grid. Errors (data) naming
/// files: another size, spacing or orientation than the first slice's, no position, two slices at one place,
/// a missing slice, uneven gaps. Adds warnings.
Geometry place_slices(std::vector<DicomHeader>& slices, Volume& volume);

}  // namespace photo51::imaging
