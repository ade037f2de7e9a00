#pragma once
/// Stored pixel values of a DICOM file, whatever their transfer syntax.

#include <ATen/core/Tensor.h>

#include "imaging/dicom/header.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::imaging {

/// Error (data): no pixels, a transfer syntax that nothing decodes, a header whose numbers contradict each
/// other or promise more pixels than the file can hold.
void require_pixels(const DicomHeader& header);

/// [frames, samples, rows, columns]: uint8, int16, int32 (unsigned 16 bits widen to int32, unsigned 32 bits
/// to int64) or float32, before rescale; palette colors and YBR are RGB already (uint8, or int32 for
/// palettes of 16 bits). Overlays in unused bits are cut away. Frames are decoded in `pool` when there is
/// one. Error (data): no pixels, fewer than the header says, a transfer syntax or codec stream that cannot be
/// decoded.
at::Tensor read_dicom_pixels(const DicomHeader& header, core::ThreadPool* pool = nullptr);

/// Values after rescale: integers when the rescale keeps them whole, else float32.
at::Tensor rescale(const at::Tensor& stored, double slope, double intercept);

}  // namespace photo51::imaging
