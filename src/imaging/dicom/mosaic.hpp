#pragma once
/// Siemens MOSAIC: the slices of a volume side by side in one image.

#include <vector>

#include "imaging/dicom/functional_groups.hpp"

namespace photo51::imaging {

/// Turns an image that is a mosaic into frames with places of their own and sets `header.tiles`; leaves every
/// other image alone. Siemens' private CSA header says how many slices there are and which way they follow
/// one another. Error (data), naming MOSAIC: it does not, or what it says cannot be of this image.
void spread_mosaic(DicomHeader& header, std::vector<DicomFrame>& frames);

/// [1, samples, rows, columns] to [frames, samples, rows / tiles, columns / tiles].
at::Tensor cut_mosaic(const at::Tensor& values, int64_t tiles, int64_t frames);

}  // namespace photo51::imaging
