#pragma once
/// Pictures of 8 bits that preparation leaves where they are and changes number by number: they may stay as
/// they are stored, in a quarter of the memory, until a network reads them.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "photo51/preprocess/prepare.hpp"

namespace photo51::preprocess {

/// Whether every value that `prepare` makes of a slice of `size` (x, y) pixels, whose axes point to L and P,
/// is a function of the stored byte at its place, and of its channel, alone.
bool keeps_bytes(const PreprocessOptions& options, int64_t channels, const std::array<int64_t, 2>& size);

/// What `normalize` makes of 0 to 255 in each channel, [channels, 256] float32: computed by the same code, so
/// that a value looked up here is the one that `prepare` gives, to the last bit.
at::Tensor byte_values(const NormalizeOptions& options, int64_t channels);

/// `prepare`, but for its values: the stored bytes [C, 1, H, W]. For options of which `keeps_bytes` holds.
/// Error (usage): a channel that is absent or not of 8 bits, or one of another size than the first.
Prepared prepare_bytes(const std::vector<std::optional<imaging::Volume>>& channels,
                       const PreprocessOptions& options);

/// Whether training does nothing to images but mirror them.
bool only_mirrors(const AugmentOptions& options);

}  // namespace photo51::preprocess
