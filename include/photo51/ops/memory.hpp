#pragma once
/// Memory for the voxels of images.

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

namespace photo51::ops {

/// An uninitialised contiguous tensor. Large ones (4 MiB and more) are mapped from the system and go back to
/// it when they are freed: an allocator keeps them in the arena of each thread that read an image, which
/// doubles what a loader holds.
at::Tensor empty_image(at::IntArrayRef sizes, at::ScalarType type);

}  // namespace photo51::ops
