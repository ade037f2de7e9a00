#pragma once
/// How a file asks its values to be shown: a VOI lookup table or a window (PS3.3 C.11.2).

#include <ATen/core/Tensor.h>

#include <vector>

#include "imaging/dicom/functional_groups.hpp"
#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

/// Whether every frame has a table or a window; color has none.
bool has_voi(const DicomHeader& header, const std::vector<DicomFrame>& frames);

/// `values` [frames, 1, rows, columns] after the modality transformation -> float32 from 0 (black) to 1
/// (white). The first table counts, else each frame's first window. Error (data): a frame has neither, a
/// damaged table, a window without width, an unknown VOILUTFunction.
at::Tensor apply_voi(const DicomHeader& header, const std::vector<DicomFrame>& frames,
                     const at::Tensor& values);

}  // namespace photo51::imaging
