#pragma once
/// What one thread of the CUDA counting of textures does: pairs of neighbours (co-occurrence) and runs. Plain
/// C++ too, so that it is tested without a GPU. Counts are whole numbers, so their order changes nothing.

#include <cstdint>

#include "ops/cuda/device_code.hpp"

namespace photo51::ops::cuda {

/// A region in a box whose border, outside the region, is as wide as the longest offset that is asked for.
struct LevelRows {
  const int32_t* row = nullptr;     ///< of each voxel of the box, from 1 on; 0 outside the region
  const int64_t* voxels = nullptr;  ///< of the region, those to count from
  int64_t count = 0;                ///< of `voxels`
};

enum class TextureMatrix : int {
  pairs,  ///< [rows, rows]: the voxel's row and that of its neighbour at the offset, if it is in the region
  runs    ///< [rows, longest + 1]: the row of a run along the offset and its length
};

/// A matrix for each direction, one after the other.
struct TextureTask {
  TextureMatrix matrix = TextureMatrix::pairs;
  LevelRows levels;
  const int64_t* offsets = nullptr;  ///< to the neighbour in each direction, in voxels of the box
  int64_t directions = 0;
  int64_t rows = 0, columns = 0;  ///< of one matrix

  PHOTO51_DEVICE int64_t cells() const { return rows * columns; }
};

/// Which of many things are a thread's: neighbouring threads take neighbouring ones, which lie side by side.
struct Share {
  int64_t first = 0, step = 1;
};

constexpr int kTextureThreads = 256;             ///< a block
constexpr int64_t kSharedCells = 48 * 1024 / 4;  ///< that a block can have to itself on every GPU
constexpr int64_t kTextureVoxels = 16;           ///< a thread, so that clearing and merging are worth it
constexpr int64_t kTextureBlocks = 512;          ///< a direction, at most

/// Blocks for each direction, and whether each counts into cells of its own first.
struct TextureGrid {
  int64_t blocks = 1;
  bool own = false;
};
inline TextureGrid texture_grid(const TextureTask& task) {
  const int64_t wanted = task.levels.count / (kTextureThreads * kTextureVoxels);
  return {wanted < 1 ? 1 : wanted > kTextureBlocks ? kTextureBlocks : wanted, task.cells() <= kSharedCells};
}

/// Adds to a cell that other threads add to at the same time.
PHOTO51_DEVICE inline void add_atomically(uint32_t* cell, uint32_t count) {
#ifdef __CUDA_ARCH__
  atomicAdd(cell, count);
#else
  __atomic_fetch_add(cell, count, __ATOMIC_RELAXED);
#endif
}

/// Counts of one thread: what falls into one cell several times in turn, as in flat regions, is added once.
class Tally {
 public:
  PHOTO51_DEVICE explicit Tally(uint32_t* cells) : cells_(cells) {}
  PHOTO51_DEVICE void add(int64_t cell) {
    if (cell != cell_) {
      flush();
      cell_ = cell;
    }
    ++count_;
  }
  PHOTO51_DEVICE void flush() {
    if (count_ != 0) add_atomically(cells_ + cell_, count_);
    count_ = 0;
  }

 private:
  uint32_t* cells_;
  int64_t cell_ = -1;
  uint32_t count_ = 0;
};

PHOTO51_DEVICE inline void clear_cells(uint32_t* cells, int64_t count, Share share) {
  for (int64_t i = share.first; i < count; i += share.step) cells[i] = 0;
}

/// Adds a block's own cells to those of the direction.
PHOTO51_DEVICE inline void merge_cells(uint32_t* cells, const uint32_t* own, int64_t count, Share share) {
  for (int64_t i = share.first; i < count; i += share.step)
    if (own[i] != 0) add_atomically(cells + i, own[i]);
}

PHOTO51_DEVICE inline void count_pairs(const LevelRows& levels, int64_t offset, int64_t columns, Share share,
                                       uint32_t* cells) {
  Tally tally(cells);
  for (int64_t k = share.first; k < levels.count; k += share.step) {
    const int32_t* at = levels.row + levels.voxels[k];
    if (at[offset] != 0) tally.add(*at * columns + at[offset]);
  }
  tally.flush();
}

PHOTO51_DEVICE inline void count_runs(const LevelRows& levels, int64_t offset, int64_t columns, Share share,
                                      uint32_t* cells) {
  Tally tally(cells);
  for (int64_t k = share.first; k < levels.count; k += share.step) {
    const int32_t* at = levels.row + levels.voxels[k];
    if (at[-offset] == *at) continue;  // of a run that begins before
    int64_t length = 1;
    while (at[length * offset] == *at) ++length;  // the border ends it
    tally.add(*at * columns + length);
  }
  tally.flush();
}

/// `direction` of the task, in the thread's share of the voxels; `cells` of that direction's matrix.
PHOTO51_DEVICE inline void count_share(const TextureTask& task, int64_t direction, Share share,
                                       uint32_t* cells) {
  const int64_t offset = task.offsets[direction];
  if (task.matrix == TextureMatrix::pairs)
    count_pairs(task.levels, offset, task.columns, share, cells);
  else
    count_runs(task.levels, offset, task.columns, share, cells);
}

}  // namespace photo51::ops::cuda
