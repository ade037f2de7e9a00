#pragma once
/// Where a channel of another scan lies with respect to the frame, from a registration done elsewhere.

#include <filesystem>

#include "photo51/ops/resample.hpp"

namespace photo51::preprocess {

/// Reads an affine map from a place in the frame's world to the same anatomy in the channel's own world (mm,
/// patient LPS; "fixed to moving" in ITK's words). Two kinds of text files:
///
/// * 12 or 16 numbers, rows of the 4 x 4 matrix, `#` begins a comment;
/// * ITK's `#Insight Transform File`: Affine, MatrixOffset, Euler3D, VersorRigid3D, Similarity3D,
/// Translation,
///   Identity, and a Composite of these (the last one is applied first).
///
/// Errors (data) name the file and what it lacks: another transform or number of parameters, a last row that
/// is not 0 0 0 1, a matrix that flattens space, a binary file.
ops::AffineMap read_registration(const std::filesystem::path& path);

}  // namespace photo51::preprocess
