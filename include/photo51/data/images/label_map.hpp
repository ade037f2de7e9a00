#pragma once
/// The mask of classes that a case was labelled with, on the grid of its image's file: what a drawn map is
/// compared with.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

struct LabelMap {
  at::Tensor classes;          ///< uint8 [D, H, W], 0 = background
  imaging::Geometry geometry;  ///< of the input's first file without a registration
};
/// Reads the label of a head whose task is dense; `classes` is undefined where it is not known. Errors:
/// (usage) no such head, or of another task; (data) the case lacks the input, the mask does not lie on the
/// image or has values of no class.
LabelMap original_label(const Cohort& cohort, int64_t row, const std::string& head);

}  // namespace photo51::data
