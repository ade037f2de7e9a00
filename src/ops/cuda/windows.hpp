#pragma once
/// The kernel of ops::window_attention for a GPU: a block has some queries of a window and head, whose
/// products with all keys stay in the memory that it shares.

#include "ops/cuda/window_rows.hpp"

namespace photo51::ops::cuda {

/// A block has a tile of the queries of a window and head.
template <class V, class A>
struct WindowKernel {
  WindowTask task;
  int at_once = kWindowTile;  ///< queries

  struct Room {
    WindowRows<V, A> rows;
    WindowKeys<A> keys;
    int score_stride;
    A *queries, *scores, *largest, *sums, *totals;

    PHOTO51_DEVICE Room(const WindowTask& task, int64_t head, int at_once, SharedRoom& room)
        : rows(task, head, room),
          keys(keys_in<A>(task.grid, at_once, room)),
          score_stride(odd_stride(task.grid.places())),
          queries(room.take<A>(at_once * rows.stride)),
          scores(room.take<A>(at_once * score_stride)),
          largest(room.take<A>(kBlockThreads)),
          sums(room.take<A>(kBlockThreads)),
          totals(room.take<A>(at_once)) {}
  };
  PHOTO51_DEVICE size_t room() const { return bytes_of<Room>(task, at_once); }
  PHOTO51_DEVICE int64_t blocks() const {
    return task.grid.windows() * task.grid.heads * window_tiles(task.grid);
  }

  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* memory) const {
    const int64_t tiles = window_tiles(task.grid), heads = task.grid.heads, unit = block / tiles;
    SharedRoom shared(memory);
    const Room at(task, unit % heads, at_once, shared);
    at.rows.find_places(each, unit / heads);
    for_tile(task.grid, block % tiles, at_once,
             [&](int64_t first, int count) { attend(each, at, unit, first, count); });
  }

 private:
  PHOTO51_DEVICE void attend(const Threads& each, const Room& at, int64_t unit, int64_t first,
                             int count) const {
    const auto& rows = at.rows;
    const int64_t places = task.grid.places();
    const A scale = rows.scale();
    rows.load_directions(each, 0, first, count, at.queries, nullptr);
    rows.multiply(each, 1, at.queries, count, at.keys, [&](int i, int64_t j, A product) {
      at.scores[i * at.score_stride + j] = rows.score(first + i, j, product * scale);
    });
    each([&](int thread) {
      const QueryThread own(thread);
      A most = -INFINITY;
      if (own.row < count)
        for (int64_t j = own.lane; j < places; j += kQueryThreads) {
          const A score = at.scores[own.row * at.score_stride + j];
          if (!(score <= most)) most = score;
        }
      at.largest[thread] = most;
    });
    each([&](int thread) {
      const QueryThread own(thread);
      A sum = 0;
      if (own.row < count) {
        const A most = largest_of_query(at.largest, own.row);
        for (int64_t j = own.lane; j < places; j += kQueryThreads) {
          A& score = at.scores[own.row * at.score_stride + j];
          score = std::exp(score - most);
          sum += score;
        }
      }
      at.sums[thread] = sum;
    });
    each([&](int thread) {
      if (thread >= count) return;
      const A total = sum_of_query(at.sums, thread);
      at.totals[thread] = total;
      static_cast<A*>(task.logarithms)[unit * places + first + thread] =
          largest_of_query(at.largest, thread) + std::log(total);
    });
    rows.combine(each, 2, at.scores, at.score_stride, count, at.keys, at.queries);
    V* const out = static_cast<V*>(task.out);
    each([&](int thread) {
      for (int i = thread; i < count * rows.depth; i += kBlockThreads) {
        const int n = i / rows.depth, c = i % rows.depth;
        const int64_t row = rows.places[first + n].row;
        if (row >= 0)
          store_as(out[row * task.grid.width() + rows.column_of(0) + c],
                   at.queries[n * rows.stride + c] / at.totals[n]);
      }
    });
  }
};

template <class V, class A>
bool windows_fit(const WindowTask& task) {
  WindowKernel<V, A> kernel{task};
  return fit_into_room(kernel);
}
/// `launch(blocks, kernel)` runs a kernel. The task fits.
template <class V, class A, class Launcher>
void launch_windows(const WindowTask& task, Launcher&& launch) {
  WindowKernel<V, A> kernel{task};
  fit_into_room(kernel);
  launch(kernel.blocks(), kernel);
}

}  // namespace photo51::ops::cuda
