#pragma once
/// What the kernels of ops::window_attention and of its gradient for a GPU have in common: the places of a
/// window, and rows of its query, key and value of one head in the memory that a block shares.

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ops/cuda/block.hpp"
#include "ops/cuda/values.hpp"
#include "ops/window_grid.hpp"

namespace photo51::ops::cuda {

/// Pointers of one device. `V*` are of the map's type, `A*` of that of sums, which is said beside the task.
struct WindowTask {
  WindowGrid grid;
  const void *qkv = nullptr,
             *padding = nullptr;  ///< V* [rows, 3, heads, head_dim], [3, heads, head_dim] or null
  const void *bias = nullptr, *scales = nullptr;  ///< A* [heads, query, key], [heads] or null
  void* out = nullptr;                            ///< V* [rows, heads, head_dim]
  void* logarithms = nullptr;                     ///< A* [windows, heads, places]; the gradient reads them
};

/// Queries (or keys) of a block. Where they do not fit into what it shares, it takes them some at a time.
constexpr int kWindowTile = 32;
/// Bytes that a block of any GPU of compute capability 8.0 and up may share.
constexpr size_t kMostRoom = 96 * 1024;
/// Threads that share the softmax of a query.
constexpr int kQueryThreads = kBlockThreads / kWindowTile;

PHOTO51_DEVICE inline int64_t window_tiles(const WindowGrid& grid) {
  return (grid.places() + kWindowTile - 1) / kWindowTile;
}

/// Rows of matrices in shared memory are an odd number of values apart, so that columns lie in different
/// banks.
PHOTO51_DEVICE inline int odd_stride(int64_t columns) {
  return static_cast<int>(columns) | 1;
}

/// What each place of a window is.
struct WindowPlace {
  int64_t row;   ///< counted over all cases; -1: a padded place
  int64_t part;  ///< places of different parts are no neighbours in the map
};
PHOTO51_DEVICE inline WindowPlace window_place(const WindowGrid& grid, int64_t window, int64_t place) {
  int64_t from[3] = {0, 0, 0}, part = 0;
  bool is_inside = true;
  for (int axis = 2; axis >= 0; --axis) {
    const int64_t at = window % grid.count(axis) * grid.window[axis] + place % grid.window[axis];
    window /= grid.count(axis);
    place /= grid.window[axis];
    const AxisPlace found = grid.place_on_axis(axis, at);
    from[axis] = found.from;
    is_inside = is_inside && found.is_inside;
    if (found.is_beyond) part += int64_t{1} << axis;
  }
  const int64_t row = ((window * grid.size[0] + from[0]) * grid.size[1] + from[1]) * grid.size[2] + from[2];
  return {is_inside ? row : -1, part};
}

template <class A>
struct DeviceMatrix {
  A* values;
  int by_row, by_column;
};

/// write(i, j, sum over k of left(i, k) right(k, j)): a warp takes four rows and as many columns as it has
/// threads at a time, so that all its threads read the same values of `left`.
template <class A, class Write>
PHOTO51_DEVICE void share_of_product(const DeviceMatrix<const A>& left, const DeviceMatrix<const A>& right,
                                     int rows, int columns, int depth, int thread, const Write& write) {
  constexpr int rows_at_once = 4;
  const int row_groups = (rows + rows_at_once - 1) / rows_at_once;
  const int column_groups = (columns + kWarpThreads - 1) / kWarpThreads;
  for (int group = thread / kWarpThreads; group < row_groups * column_groups;
       group += kBlockThreads / kWarpThreads) {
    const int first = group % row_groups * rows_at_once;
    const int column = group / row_groups * kWarpThreads + thread % kWarpThreads;
    if (column >= columns) continue;
    const A* from[rows_at_once];
    A sum[rows_at_once] = {};
    PHOTO51_UNROLL
    for (int r = 0; r < rows_at_once; ++r)  // beyond the last row it is that row again
      from[r] = left.values + (first + r < rows ? first + r : rows - 1) * left.by_row;
    const A* to = right.values + column * right.by_column;
    for (int k = 0; k < depth; ++k) {
      const A factor = to[k * right.by_row];
      PHOTO51_UNROLL
      for (int r = 0; r < rows_at_once; ++r) sum[r] += from[r][k * left.by_column] * factor;
    }
    PHOTO51_UNROLL
    for (int r = 0; r < rows_at_once; ++r)
      if (first + r < rows) write(first + r, column, sum[r]);
  }
}

/// Hands out the memory that a block shares; of null it counts the bytes.
class SharedRoom {
 public:
  PHOTO51_DEVICE explicit SharedRoom(void* begin) : begin_(static_cast<char*>(begin)) {}
  template <class T>
  PHOTO51_DEVICE T* take(int64_t count) {
    T* const taken = begin_ == nullptr ? nullptr : reinterpret_cast<T*>(begin_ + bytes_);
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    bytes_ += (bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    return taken;
  }
  PHOTO51_DEVICE size_t bytes() const { return bytes_; }

 private:
  char* begin_;
  size_t bytes_ = 0;
};

/// Calls run(first, count) for all of begin to end, at most `at_once` at a time.
template <class Run>
PHOTO51_DEVICE void for_tiles(int64_t begin, int64_t end, int at_once, const Run& run) {
  for (int64_t first = begin; first < end; first += at_once)
    run(first, static_cast<int>(end - first < at_once ? end - first : at_once));
}

/// Calls run(first, count) for the places of a tile.
template <class Run>
PHOTO51_DEVICE void for_tile(const WindowGrid& grid, int64_t tile, int at_once, const Run& run) {
  const int64_t begin = tile * kWindowTile, end = begin + kWindowTile;
  for_tiles(begin, end < grid.places() ? end : grid.places(), at_once, run);
}

/// Room for some of the keys or values.
template <class A>
struct WindowKeys {
  A* values;
  int at_once;
};
template <class A>
PHOTO51_DEVICE WindowKeys<A> keys_in(const WindowGrid& grid, int queries, SharedRoom& room) {
  constexpr int64_t wide_head = 128;
  const int at_once = grid.head_dim > wide_head ? queries : kWindowTile;
  return {room.take<A>(at_once * odd_stride(grid.head_dim)), at_once};
}

/// What a block shares.
template <class Room>
PHOTO51_DEVICE size_t bytes_of(const WindowTask& task, int at_once) {
  SharedRoom counted(nullptr);
  Room(task, 0, at_once, counted);
  return counted.bytes();
}

/// What the kernels have in common: a window's places, and rows of its query, key and value of one head.
template <class V, class A>
struct WindowRows {
  const WindowTask& task;
  int64_t head;
  int depth, stride;
  WindowPlace* places;

  PHOTO51_DEVICE WindowRows(const WindowTask& of, int64_t of_head, SharedRoom& room)
      : task(of),
        head(of_head),
        depth(static_cast<int>(of.grid.head_dim)),
        stride(odd_stride(of.grid.head_dim)),
        places(room.take<WindowPlace>(of.grid.places())) {}

  PHOTO51_DEVICE bool is_cosine() const { return task.scales != nullptr; }
  /// Of products.
  PHOTO51_DEVICE A scale() const {
    return is_cosine() ? static_cast<const A*>(task.scales)[head] : 1 / std::sqrt(static_cast<A>(depth));
  }
  PHOTO51_DEVICE int64_t column_of(int part) const {
    return (part * task.grid.heads + head) * task.grid.head_dim;
  }

  PHOTO51_DEVICE void find_places(const Threads& each, int64_t window) const {
    each([&](int thread) {
      for (int64_t n = thread; n < task.grid.places(); n += kBlockThreads)
        places[n] = window_place(task.grid, window, n);
    });
  }
  /// `part` 0 to 2 of `count` places from `first` on: query, key, value.
  PHOTO51_DEVICE void load(const Threads& each, int part, int64_t first, int count, A* to) const {
    const V *const qkv = static_cast<const V*>(task.qkv), *const padding =
                                                              static_cast<const V*>(task.padding);
    each([&](int thread) {
      for (int i = thread; i < count * depth; i += kBlockThreads) {
        const int n = i / depth, c = i % depth;
        const int64_t row = places[first + n].row;
        const V* const from = row < 0 ? padding : qkv + row * 3 * task.grid.width();
        to[n * stride + c] = widened(from[column_of(part) + c]);
      }
    });
  }
  /// The same; queries and keys become directions where cosines are asked for. `norms` may be null.
  PHOTO51_DEVICE void load_directions(const Threads& each, int part, int64_t first, int count, A* to,
                                      A* norms) const {
    load(each, part, first, count, to);
    if (!is_cosine() || part == 2) return;
    each([&](int thread) {
      if (thread >= count) return;
      A squares = 0;
      for (int c = 0; c < depth; ++c) squares += to[thread * stride + c] * to[thread * stride + c];
      const A norm = std::sqrt(squares);
      for (int c = 0; c < depth; ++c) to[thread * stride + c] /= norm > least_norm() ? norm : least_norm();
      if (norms != nullptr) norms[thread] = norm;
    });
  }
  /// The gradient by what comes out, zeros of padded places.
  PHOTO51_DEVICE void load_gradient(const Threads& each, const V* grad, int64_t first, int count,
                                    A* to) const {
    each([&](int thread) {
      for (int i = thread; i < count * depth; i += kBlockThreads) {
        const int n = i / depth, c = i % depth;
        const int64_t row = places[first + n].row;
        to[n * stride + c] = row < 0 ? A(0) : A(widened(grad[row * task.grid.width() + column_of(0) + c]));
      }
    });
  }
  /// What is put into the softmax of query i and key j.
  PHOTO51_DEVICE A score(int64_t i, int64_t j, A scaled_product) const {
    const int64_t count = task.grid.places();
    const A bias = static_cast<const A*>(task.bias)[(head * count + i) * count + j];
    return scaled_product + bias - (places[i].part == places[j].part ? A(0) : A(100));
  }
  /// A row's gradient from that by its direction, in place.
  PHOTO51_DEVICE void through_norm(A* grad, const A* direction, A norm) const {
    A along = 0;
    if (norm >= least_norm())
      for (int c = 0; c < depth; ++c) along += grad[c] * direction[c];
    for (int c = 0; c < depth; ++c)
      grad[c] = (grad[c] - along * direction[c]) / (norm > least_norm() ? norm : least_norm());
  }
  /// Writes gradients of `part` 0 to 2; of padded places they are added to `padding` [3, heads, head_dim].
  PHOTO51_DEVICE void store(const Threads& each, int part, int64_t first, int count, const A* from, V* qkv,
                            A* padding) const {
    each([&](int thread) {
      for (int i = thread; i < count * depth; i += kBlockThreads) {
        const int n = i / depth, c = i % depth;
        const int64_t row = places[first + n].row;
        if (row >= 0) store_as(qkv[row * 3 * task.grid.width() + column_of(part) + c], from[n * stride + c]);
      }
      if (padding == nullptr) return;
      for (int c = thread; c < depth; c += kBlockThreads)
        for (int n = 0; n < count; ++n)
          if (places[first + n].row < 0) padding[column_of(part) + c] += from[n * stride + c];
    });
  }

  /// write(i, key, product) for `count` rows `left` and the keys (`part` 1) or values (2) of all places.
  template <class Write>
  PHOTO51_DEVICE void multiply(const Threads& each, int part, const A* left, int count,
                               const WindowKeys<A>& keys, const Write& write) const {
    for_tiles(0, task.grid.places(), keys.at_once, [&](int64_t first, int here) {
      load_directions(each, part, first, here, keys.values, nullptr);
      each([&](int thread) {
        share_of_product<A>({left, stride, 1}, {keys.values, 1, stride}, count, here, depth, thread,
                            [&](int i, int j, A sum) { write(i, first + j, sum); });
      });
    });
  }
  /// to [count, stride] = `weights` [count, places] times the keys or values of all places.
  PHOTO51_DEVICE void combine(const Threads& each, int part, const A* weights, int weight_stride, int count,
                              const WindowKeys<A>& keys, A* to) const {
    for_tiles(0, task.grid.places(), keys.at_once, [&](int64_t first, int here) {
      load_directions(each, part, first, here, keys.values, nullptr);
      each([&](int thread) {
        share_of_product<A>(
            {weights + first, weight_stride, 1}, {keys.values, stride, 1}, count, depth, here, thread,
            [&](int i, int c, A sum) { to[i * stride + c] = first == 0 ? sum : to[i * stride + c] + sum; });
      });
    });
  }

  PHOTO51_DEVICE static A least_norm() { return static_cast<A>(1e-12); }
};

/// Threads of a query's softmax: `row` of the queries that are at hand, every kQueryThreads-th key from
/// `lane` on.
struct QueryThread {
  int row, lane;
  PHOTO51_DEVICE explicit QueryThread(int thread)
      : row(thread / kQueryThreads), lane(thread % kQueryThreads) {}
};
template <class A>
PHOTO51_DEVICE A sum_of_query(const A* shares, int row) {
  A sum = 0;
  for (int lane = 0; lane < kQueryThreads; ++lane) sum += shares[row * kQueryThreads + lane];
  return sum;
}
template <class A>
PHOTO51_DEVICE A largest_of_query(const A* shares, int row) {
  A largest = shares[row * kQueryThreads];
  for (int lane = 1; lane < kQueryThreads; ++lane)
    if (!(shares[row * kQueryThreads + lane] <= largest)) largest = shares[row * kQueryThreads + lane];
  return largest;
}

/// As many queries at once as there is room for; false: not even for one.
template <class Kernel>
bool fit_into_room(Kernel& kernel) {
  while (kernel.room() > kMostRoom && kernel.at_once > 1) kernel.at_once /= 2;
  return kernel.room() <= kMostRoom;
}

}  // namespace photo51::ops::cuda
