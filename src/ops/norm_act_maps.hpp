#pragma once
/// How the kernels of norm_act see feature maps [B, C, ...], and their work shared among threads.

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "ops/cpu/norm_act.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {

/// The layout that maps are taken in: their own where they are dense, else what they resemble.
inline at::MemoryFormat norm_layout(const at::Tensor& x) {
  return x.is_contiguous() ? at::MemoryFormat::Contiguous : x.suggest_memory_format();
}

/// `outer` parts of `rows` rows of `width` channels: channels-last maps are one part (or one a case),
/// contiguous ones a part a plane, whose rows have one channel. Statistics are [sets][width]; part o takes
/// those of set o % sets, and entry i is of channel i % channels.
struct NormMaps {
  int64_t outer = 0, rows = 0, width = 0, sets = 0, channels = 0;

  int64_t entries() const { return sets * width; }
  int64_t values_an_entry() const { return sets == 0 ? 0 : outer / sets * rows; }
  /// Parts are cut the same way whatever the number of threads, so that sums do not depend on it.
  int64_t chunk_rows() const {
    return std::max<int64_t>(128, (int64_t{1} << 16) / std::max<int64_t>(width, 1));
  }
  int64_t chunks() const { return (rows + chunk_rows() - 1) / chunk_rows(); }
};

inline NormMaps norm_maps(const at::Tensor& x, at::MemoryFormat layout, bool per_case) {
  const int64_t cases = x.size(0), channels = x.size(1);
  const int64_t places = cases * channels == 0 ? 0 : x.numel() / (cases * channels);
  if (layout != at::MemoryFormat::Contiguous || places == 1)
    return per_case ? NormMaps{cases, places, channels, cases, channels}
                    : NormMaps{1, cases * places, channels, 1, channels};
  return {cases * channels, places, 1, per_case ? cases * channels : channels, channels};
}

struct NormChunk {
  int64_t index, set;
  int64_t value;  ///< number of the first in the maps
  int64_t rows;
};

template <class Work>
void for_each_norm_chunk(const NormMaps& maps, Work work) {
  const int64_t chunks = maps.chunks(), size = maps.chunk_rows();
  // Many small planes are not worth a thread each.
  const int64_t values = std::max<int64_t>(1, std::min(size, maps.rows) * maps.width);
  at::parallel_for(0, maps.outer * chunks, std::max<int64_t>(1, 8192 / values),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) {
                       const int64_t part = i / chunks, row = i % chunks * size;
                       work(NormChunk{i, part % maps.sets, (part * maps.rows + row) * maps.width,
                                      std::min(size, maps.rows - row)});
                     }
                   });
}

/// Calls run(T()) with the kernels' name of an element type.
template <class Run>
auto with_norm_type(at::ScalarType type, Run run) {
  if (type == at::kDouble) return run(double());
  if (type == at::kBFloat16) return run(cpu::Bf16());
  return run(float());
}

/// Null where the tensor is undefined.
template <class T>
const T* norm_values(const at::Tensor& t) {
  return t.defined() ? static_cast<const T*>(t.const_data_ptr()) : nullptr;
}
template <class T>
T* norm_values_to_fill(const at::Tensor& t) {
  return t.defined() ? static_cast<T*>(t.mutable_data_ptr()) : nullptr;
}

inline void norm_require(bool holds, const std::string& message) {
  if (!holds) core::fail_usage(message);
}

inline std::string no_norm_kernels(const at::Tensor& x) {
  return "there are kernels for maps of float32, float64 and bfloat16 on the CPU, not of " +
         std::string(c10::toString(x.scalar_type())) + " on " + x.device().str() +
         "; normalise step by step there";
}

/// What stands beside maps: [C] in their parameters' type, contiguous.
inline void require_norm_parameter(const at::Tensor& t, const char* name, int64_t channels,
                                   at::ScalarType type) {
  if (!t.defined()) return;
  norm_require(t.dim() == 1 && t.size(0) == channels && t.scalar_type() == type && t.is_contiguous(),
               std::string(name) + " of a normalisation is " + c10::toString(type) + " [" +
                   std::to_string(channels) + "], contiguous, not " + c10::toString(t.scalar_type()) + " " +
                   c10::str(t.sizes()) + "; convert it before");
}

}  // namespace photo51::ops
