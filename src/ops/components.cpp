#include "photo51/ops/components.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "ops/mask_bytes.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

/// Elements of a row that follow one another, all inside: x from begin to end, which is outside.
struct Run {
  int32_t begin = 0, end = 0;
  int32_t up = 0;  ///< a run that it is joined with, towards the first of its component
};

class Runs {
 public:
  Runs(const MaskBytes& mask, Neighbours neighbours)
      : size_(mask.size), corners_(neighbours == Neighbours::corners) {
    const int64_t rows = size_[0] * size_[1];
    rows_.reserve(static_cast<size_t>(rows + 1));
    for (int64_t row = 0; row < rows; ++row) {
      rows_.push_back(static_cast<int32_t>(runs_.size()));
      find(mask.data() + row * size_[2]);
      join_row(row / size_[1], row % size_[1]);
    }
    rows_.push_back(static_cast<int32_t>(runs_.size()));
  }

  ConnectedComponents labelled(at::IntArrayRef shape) {
    ConnectedComponents found;
    found.labels = at::zeros(shape, at::kInt);
    auto* labels = found.labels.mutable_data_ptr<int32_t>();
    std::vector<int32_t> part(runs_.size(), 0);
    for (int64_t row = 0; row < size_[0] * size_[1]; ++row) {
      const int64_t z = row / size_[1], y = row % size_[1];
      for (int32_t r = rows_[at(row)]; r < rows_[at(row + 1)]; ++r) {
        const Run& run = runs_[at(r)];
        const int32_t root = root_of(r);  // never behind the run
        if (root == r) {
          found.parts.push_back({0, {{run.begin, y, z}, {run.end - 1, y, z}}});
          part[at(r)] = static_cast<int32_t>(found.parts.size());
        }
        const int32_t label = part[at(r)] = part[at(root)];
        auto& [count, box] = found.parts[at(label - 1)];
        count += run.end - run.begin;
        box.low = {std::min<int64_t>(box.low[0], run.begin), std::min(box.low[1], y), box.low[2]};
        box.high = {std::max<int64_t>(box.high[0], run.end - 1), std::max(box.high[1], y), z};
        std::fill(labels + row * size_[2] + run.begin, labels + row * size_[2] + run.end, label);
      }
    }
    return found;
  }

 private:
  template <class Index>
  static size_t at(Index index) {
    return static_cast<size_t>(index);
  }

  void find(const uint8_t* row) {
    const auto width = static_cast<int32_t>(size_[2]);
    for (int32_t x = 0; x < width;) {
      while (x < width && row[x] == 0) ++x;
      if (x == width) return;
      const int32_t begin = x;
      while (x < width && row[x] != 0) ++x;
      runs_.push_back({begin, x, static_cast<int32_t>(runs_.size())});
    }
  }

  /// With the rows before it that it touches.
  void join_row(int64_t z, int64_t y) {
    if (y > 0) join(z, y, z, y - 1);
    if (z == 0) return;
    join(z, y, z - 1, y);
    if (!corners_) return;
    if (y > 0) join(z, y, z - 1, y - 1);
    if (y + 1 < size_[1]) join(z, y, z - 1, y + 1);
  }

  void join(int64_t z, int64_t y, int64_t other_z, int64_t other_y) {
    const int64_t row = z * size_[1] + y, other = other_z * size_[1] + other_y;
    const int32_t reach = corners_ ? 1 : 0;
    const auto end = static_cast<int32_t>(runs_.size());
    int32_t a = rows_[at(row)], b = rows_[at(other)];
    const int32_t last = rows_[at(other + 1)];
    while (a < end && b < last) {
      const Run &mine = runs_[at(a)], &theirs = runs_[at(b)];
      if (mine.begin < theirs.end + reach && theirs.begin < mine.end + reach) {
        const int32_t first = root_of(a), second = root_of(b);
        runs_[at(std::max(first, second))].up = std::min(first, second);
      }
      if (mine.end < theirs.end)
        ++a;
      else
        ++b;
    }
  }

  int32_t root_of(int32_t run) {
    while (runs_[at(run)].up != run) {
      int32_t& up = runs_[at(run)].up;
      up = runs_[at(up)].up;  // halves the way for the next time
      run = up;
    }
    return run;
  }

  std::array<int64_t, 3> size_;
  bool corners_;
  std::vector<Run> runs_;
  std::vector<int32_t> rows_;  ///< the first run of each row
};

}  // namespace

int64_t ConnectedComponents::largest() const {
  if (parts.empty()) return -1;
  return std::ranges::max_element(parts, {}, &Part::size) - parts.begin();
}

ConnectedComponents connected_components(const at::Tensor& mask, Neighbours neighbours) {
  return Runs(MaskBytes("connected_components", mask), neighbours).labelled(mask.sizes());
}

void fill_holes(at::Tensor& mask, int64_t largest) {
  if (!mask.defined() || mask.dim() != 2 || !mask.is_contiguous())
    core::fail_usage("fill_holes: takes contiguous bool or uint8 [H, W]");
  if (largest <= 0) return;
  const ConnectedComponents ground = connected_components(mask.eq(0), Neighbours::faces);
  const int64_t right = mask.size(1) - 1, bottom = mask.size(0) - 1;
  std::vector<uint8_t> fills{0};
  for (const auto& [size, box] : ground.parts)
    fills.push_back(size <= largest && box.low[0] > 0 && box.low[1] > 0 && box.high[0] < right &&
                    box.high[1] < bottom);
  const auto* label = ground.labels.const_data_ptr<int32_t>();
  auto* pixel = static_cast<uint8_t*>(mask.mutable_data_ptr());
  for (int64_t i = 0; i < mask.numel(); ++i)
    if (fills[static_cast<size_t>(label[i])] != 0) pixel[i] = 1;
}

}  // namespace photo51::ops
