#pragma once
/// A matrix of counts: dense where it is small, and lists of what occurs where it would be mostly empty.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace photo51::radiomics {

class Counts {
 public:
  enum class Shape { square, mostly_left };  ///< where counts fall: anywhere, or in the first columns
  /// Rows and columns from 0, which `expected` counts fill. All columns are dense, or none of a square and of
  /// others as many of the first as are worth it.
  Counts(int64_t rows, int64_t columns, int64_t expected, Shape shape = Shape::mostly_left) : rows_(rows) {
    const bool square = shape == Shape::square;
    const int64_t worth = (square ? 8 * expected + 4096 : expected / 4 + 1024) / rows;
    stride_ = worth >= columns ? columns : square ? 0 : worth;
    dense_.assign(rows * stride_, 0);
  }

  bool dense() const { return stride_ > 0; }
  int64_t stride() const { return stride_; }
  uint32_t* data() { return dense_.data(); }

  void add(int64_t row, int64_t column, uint32_t count = 1) {
    if (column < stride_)
      dense_[row * stride_ + column] += count;
    else
      rest_.insert(rest_.end(), count, static_cast<uint64_t>(row) << 32 | static_cast<uint64_t>(column));
  }
  /// `other` has the same number of rows and was made for as many columns or fewer.
  void add(const Counts& other) {
    for (int64_t row = 0; row < rows_; ++row)
      for (int64_t column = 0; column < other.stride_; ++column)
        add(row, column, other.dense_[row * other.stride_ + column]);
    for (const uint64_t key : other.rest_)
      add(static_cast<int64_t>(key >> 32), static_cast<int64_t>(key & 0xffffffff));
    voxels += other.voxels;
  }

  /// `visit(row, column, count)` for each count above 0.
  template <class Visit>
  void for_each(Visit&& visit) {
    const uint32_t* count = dense_.data();
    for (int64_t row = 0; row < rows_; ++row)
      for (int64_t column = 0; column < stride_; ++column, ++count)
        if (*count != 0) visit(row, column, static_cast<double>(*count));
    std::sort(rest_.begin(), rest_.end());
    for (size_t i = 0; i < rest_.size();) {
      const size_t begin = i;
      while (i < rest_.size() && rest_[i] == rest_[begin]) ++i;
      visit(static_cast<int64_t>(rest_[begin] >> 32), static_cast<int64_t>(rest_[begin] & 0xffffffff),
            static_cast<double>(i - begin));
    }
  }

  int64_t voxels = 0;  ///< that the counts come from

 private:
  int64_t rows_, stride_;
  std::vector<uint32_t> dense_;
  std::vector<uint64_t> rest_;  ///< row and column of each count that has no place in `dense_`
};

/// count * log2(count), of which entropies are made; tabulated for small whole counts.
double times_log2(double count);

}  // namespace photo51::radiomics
