#pragma once
/// The work of the kernels of norm_act for the CPU, shared among threads.

#include <algorithm>
#include <cstdint>

#include "ops/norm_act.hpp"
#include "photo51/ops/parallel.hpp"

namespace photo51::ops {

/// Parts are cut into chunks evenly, so that threads end together, and the same way whatever their number, so
/// that sums do not depend on it.
inline int64_t norm_chunk_rows(const NormMaps& maps) {
  constexpr int64_t values = int64_t{1} << 15, fewest_rows = 32, cuts = 4;
  const int64_t wanted = maps.rows * std::max<int64_t>(maps.width, 1) / values;
  const int64_t chunks = std::clamp<int64_t>((wanted + cuts - 1) / cuts * cuts, 1,
                                             std::max<int64_t>(1, maps.rows / fewest_rows / cuts * cuts));
  return std::max<int64_t>(1, (maps.rows + chunks - 1) / chunks);
}
inline int64_t norm_chunks(const NormMaps& maps) {
  return (maps.rows + norm_chunk_rows(maps) - 1) / norm_chunk_rows(maps);
}

struct NormChunk {
  int64_t index, set;
  int64_t value;  ///< number of the first in the maps
  int64_t rows;
};

template <class Work>
void for_each_norm_chunk(const NormMaps& maps, Work work) {
  const int64_t chunks = norm_chunks(maps), size = norm_chunk_rows(maps);
  // Many small planes are not worth a thread each.
  const int64_t values = std::max<int64_t>(1, std::min(size, maps.rows) * maps.width);
  in_parallel(0, maps.outer * chunks, std::max<int64_t>(1, 8192 / values), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t part = i / chunks, row = i % chunks * size;
      work(NormChunk{i, part % maps.sets, (part * maps.rows + row) * maps.width,
                     std::min(size, maps.rows - row)});
    }
  });
}

}  // namespace photo51::ops
