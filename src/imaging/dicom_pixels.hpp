#pragma once
/// Stored pixel values of a DICOM file, whatever their transfer syntax.

#include <ATen/core/Tensor.h>

#include "imaging/dicom_tags.hpp"

namespace photo51::imaging {

/// [frames, samples, rows, columns]: uint8, int16, int32 (unsigned 16 bits widen to int32, unsigned 32 bits
/// to int64) or float32, before rescale. Error (data): no pixels, fewer than the header says, a transfer
/// syntax or codec stream that cannot be decoded.
at::Tensor read_dicom_pixels(const DicomHeader& header);

/// Values after rescale: integers when the rescale keeps them whole, else float32.
at::Tensor rescale(const at::Tensor& stored, double slope, double intercept);

}  // namespace photo51::imaging
