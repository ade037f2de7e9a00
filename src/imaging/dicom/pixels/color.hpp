#pragma once
/// Stored colors to red, green and blue.

#include <ATen/core/Tensor.h>

#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

/// Red, green and blue of the palette entries (PS3.3 C.7.6.3.1.5); indices [frames, 1, rows, columns] to
/// [frames, 3, rows, columns], uint8 or, for entries of 16 bits, int32. Segmented palettes (C.7.9.2) too.
/// Error (data): no palette or one that does not hold what its descriptor says.
at::Tensor apply_palette(const DicomHeader& header, const at::Tensor& indices);

/// YBR_FULL and YBR_PARTIAL (PS3.3 C.7.6.3.1.2) as RGB, uint8 [frames, 3, rows, columns].
at::Tensor ybr_to_rgb(const at::Tensor& ybr, bool partial);

/// Values of the Modality LUT Sequence (PS3.3 C.11.1), int32. Error (data): damaged.
at::Tensor apply_modality_lut(const DicomHeader& header, const at::Tensor& stored);

}  // namespace photo51::imaging
