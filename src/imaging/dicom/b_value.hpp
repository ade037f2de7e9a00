#pragma once
/// The diffusion weighting of one MR image, whoever made it.

#include <optional>

class DcmItem;

namespace photo51::imaging {

/// s/mm²: DiffusionBValue (0018,9087), also in MRDiffusionSequence, else the private element of Siemens
/// (0019,xx0C), Philips (2001,xx03), GE (0043,xx39) or United Imaging (0065,xx09); nothing when none is
/// there.
std::optional<double> b_value_of(DcmItem& item);

}  // namespace photo51::imaging
