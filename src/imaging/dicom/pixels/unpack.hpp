#pragma once
/// Stored words to sample values.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

/// How samples lie in a buffer.
struct WordLayout {
  int word = 16;    ///< bits allocated: 1, 8, 16, 32 or 64
  int stored = 16;  ///< bits that carry the value
  int shift = 0;    ///< of its lowest bit
  bool is_signed = false;
  bool is_float = false;
};

/// The type that holds any value of the layout without wrapping.
at::ScalarType type_for(const WordLayout& layout);

/// `count` samples from `bytes` (for words of 1 bit: from bit `first_bit` on, lowest bit first) to `to`, an
/// array of `type_for(layout)`.
void unpack(const uint8_t* bytes, int64_t first_bit, int64_t count, const WordLayout& layout, void* to);

}  // namespace photo51::imaging
