#pragma once
/// The kernels of the gradient of ops::window_attention for a GPU: one goes through the queries, the other
/// through the keys, and both compute the products anew. Sums over windows are taken by one block each, in
/// the order of the windows, so that they do not depend on which block is first.

#include "ops/cuda/window_rows.hpp"

namespace photo51::ops::cuda {

struct WindowGradientTask {
  WindowTask of;               ///< without `out`
  const void* grad = nullptr;  ///< V* [rows, heads, head_dim]
  void* qkv = nullptr;         ///< V* as qkv
  int64_t parts = 1;           ///< of the windows, whose sums are apart
  void* slopes = nullptr;      ///< A* [windows, heads, places], room
  /// A*, which begin as zeros: [parts, heads, query, key], [parts, tiles, 3, heads, head_dim] or null,
  /// [parts, tiles, heads] or null. `tiles` are window_tiles().
  void *bias = nullptr, *padding = nullptr, *scales = nullptr;
};

/// A tile of the queries or keys of a head, in the windows of a part.
struct WindowShare {
  int64_t tile, head, part, begin, end;

  PHOTO51_DEVICE WindowShare(const WindowGradientTask& task, int64_t block) {
    const WindowGrid& grid = task.of.grid;
    tile = block % window_tiles(grid);
    head = block / window_tiles(grid) % grid.heads;
    part = block / window_tiles(grid) / grid.heads;
    begin = grid.windows() * part / task.parts;
    end = grid.windows() * (part + 1) / task.parts;
  }
};
PHOTO51_DEVICE inline int64_t gradient_blocks(const WindowGradientTask& task) {
  return task.parts * task.of.grid.heads * window_tiles(task.of.grid);
}
/// Sums of padded places [3, heads, head_dim] that are the block's own.
template <class A>
PHOTO51_DEVICE A* own_padding(const WindowGradientTask& task, const WindowShare& own) {
  if (task.padding == nullptr) return nullptr;
  return static_cast<A*>(task.padding) +
         (own.part * window_tiles(task.of.grid) + own.tile) * 3 * task.of.grid.width();
}

/// Gradients of queries, bias and scales, and `slopes`: of each query the sum of its weights times their
/// gradients.
template <class V, class A>
struct WindowQueriesKernel {
  WindowGradientTask task;
  int at_once = kWindowTile;  ///< queries

  struct Room {
    WindowRows<V, A> rows;
    WindowKeys<A> keys;
    int score_stride;
    A *queries, *grads, *weights, *slopes, *shares, *norms;

    PHOTO51_DEVICE Room(const WindowTask& task, int64_t head, int at_once, SharedRoom& room)
        : rows(task, head, room),
          keys(keys_in<A>(task.grid, at_once, room)),
          score_stride(odd_stride(task.grid.places())),
          queries(room.take<A>(at_once * rows.stride)),
          grads(room.take<A>(at_once * rows.stride)),
          weights(room.take<A>(at_once * score_stride)),
          slopes(room.take<A>(at_once * score_stride)),
          shares(room.take<A>(kBlockThreads)),
          norms(room.take<A>(at_once)) {}
  };
  PHOTO51_DEVICE size_t room() const { return bytes_of<Room>(task.of, at_once); }

  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* memory) const {
    const WindowShare own(task, block);
    SharedRoom shared(memory);
    const Room at(task.of, own.head, at_once, shared);
    for (int64_t window = own.begin; window < own.end; ++window) {
      at.rows.find_places(each, window);
      for_tile(task.of.grid, own.tile, at_once,
               [&](int64_t first, int count) { go_back(each, at, own, window, first, count); });
    }
  }

 private:
  PHOTO51_DEVICE void go_back(const Threads& each, const Room& at, const WindowShare& own, int64_t window,
                              int64_t first, int count) const {
    const auto& rows = at.rows;
    const int64_t places = task.of.grid.places(),
                  query = (window * task.of.grid.heads + own.head) * places + first;
    const A* const logarithms = static_cast<const A*>(task.of.logarithms) + query;
    const A scale = rows.scale();
    rows.load_directions(each, 0, first, count, at.queries, at.norms);
    rows.load_gradient(each, static_cast<const V*>(task.grad), first, count, at.grads);
    rows.multiply(each, 1, at.queries, count, at.keys, [&](int i, int64_t j, A product) {
      at.weights[i * at.score_stride + j] =
          std::exp(rows.score(first + i, j, product * scale) - logarithms[i]);
    });
    rows.multiply(each, 2, at.grads, count, at.keys,
                  [&](int i, int64_t j, A product) { at.slopes[i * at.score_stride + j] = product; });
    each([&](int thread) {
      const QueryThread of(thread);
      A sum = 0;
      if (of.row < count)
        for (int64_t j = of.lane; j < places; j += kQueryThreads)
          sum += at.weights[of.row * at.score_stride + j] * at.slopes[of.row * at.score_stride + j];
      at.shares[thread] = sum;
    });
    each([&](int thread) {
      const QueryThread of(thread);
      if (of.row >= count) return;
      const A sum = sum_of_query(at.shares, of.row);
      if (of.lane == 0) static_cast<A*>(task.slopes)[query + of.row] = sum;
      A* const bias = static_cast<A*>(task.bias) +
                      ((own.part * task.of.grid.heads + own.head) * places + first + of.row) * places;
      for (int64_t j = of.lane; j < places; j += kQueryThreads) {
        A& slope = at.slopes[of.row * at.score_stride + j];
        slope = at.weights[of.row * at.score_stride + j] * (slope - sum);
        bias[j] += slope;
      }
    });
    rows.combine(each, 1, at.slopes, at.score_stride, count, at.keys, at.grads);
    each([&](int thread) {
      if (thread >= count) return;
      A *const grad = at.grads + thread * rows.stride, *const direction = at.queries + thread * rows.stride;
      A along = 0;
      for (int c = 0; c < rows.depth; ++c) {
        along += grad[c] * direction[c];
        grad[c] *= scale;
      }
      at.shares[thread] = along;
      if (rows.is_cosine()) rows.through_norm(grad, direction, at.norms[thread]);
    });
    if (task.scales != nullptr)
      each([&](int thread) {
        if (thread > 0) return;
        A sum = 0;
        for (int i = 0; i < count; ++i) sum += at.shares[i];
        static_cast<A*>(task.scales)[(own.part * window_tiles(task.of.grid) + own.tile) * task.of.grid.heads +
                                     own.head] += sum;
      });
    rows.store(each, 0, first, count, at.grads, static_cast<V*>(task.qkv), own_padding<A>(task, own));
  }
};

/// Gradients of keys and values, after the queries'.
template <class V, class A>
struct WindowKeysKernel {
  WindowGradientTask task;
  int at_once = kWindowTile;  ///< queries, and keys

  struct Room {
    WindowRows<V, A> rows;
    int score_stride;
    A *queries, *grads, *keys, *values, *to_keys, *to_values, *weights, *slopes, *norms;

    PHOTO51_DEVICE Room(const WindowTask& task, int64_t head, int at_once, SharedRoom& room)
        : rows(task, head, room),
          score_stride(odd_stride(at_once)),
          queries(room.take<A>(at_once * rows.stride)),
          grads(room.take<A>(at_once * rows.stride)),
          keys(room.take<A>(at_once * rows.stride)),
          values(room.take<A>(at_once * rows.stride)),
          to_keys(room.take<A>(at_once * rows.stride)),
          to_values(room.take<A>(at_once * rows.stride)),
          weights(room.take<A>(at_once * score_stride)),
          slopes(room.take<A>(at_once * score_stride)),
          norms(room.take<A>(at_once)) {}
  };
  PHOTO51_DEVICE size_t room() const { return bytes_of<Room>(task.of, at_once); }

  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* memory) const {
    const WindowShare own(task, block);
    SharedRoom shared(memory);
    const Room at(task.of, own.head, at_once, shared);
    for (int64_t window = own.begin; window < own.end; ++window) {
      at.rows.find_places(each, window);
      for_tile(task.of.grid, own.tile, at_once,
               [&](int64_t first, int count) { go_back(each, at, own, window, first, count); });
    }
  }

 private:
  PHOTO51_DEVICE void go_back(const Threads& each, const Room& at, const WindowShare& own, int64_t window,
                              int64_t first, int count) const {
    const auto& rows = at.rows;
    const int64_t places = task.of.grid.places();
    const A scale = rows.scale();
    rows.load_directions(each, 1, first, count, at.keys, at.norms);
    rows.load(each, 2, first, count, at.values);
    each([&](int thread) {
      for (int i = thread; i < count * rows.stride; i += kBlockThreads) at.to_keys[i] = at.to_values[i] = 0;
    });
    for_tiles(0, places, at_once, [&](int64_t first_query, int queries) {
      const int64_t query = (window * task.of.grid.heads + own.head) * places + first_query;
      add_queries(each, at, scale, query, {first_query, queries}, {first, count});
    });
    each([&](int thread) {
      if (thread >= count) return;
      A* const grad = at.to_keys + thread * rows.stride;
      for (int c = 0; c < rows.depth; ++c) grad[c] *= scale;
      if (rows.is_cosine()) rows.through_norm(grad, at.keys + thread * rows.stride, at.norms[thread]);
    });
    V* const qkv = static_cast<V*>(task.qkv);
    rows.store(each, 1, first, count, at.to_keys, qkv, own_padding<A>(task, own));
    rows.store(each, 2, first, count, at.to_values, qkv, own_padding<A>(task, own));
  }

  struct Places {
    int64_t first;
    int count;
  };
  PHOTO51_DEVICE void add_queries(const Threads& each, const Room& at, A scale, int64_t query,
                                  const Places& queries, const Places& keys) const {
    const auto& rows = at.rows;
    const int stride = rows.stride, by = at.score_stride;
    const A* const logarithms = static_cast<const A*>(task.of.logarithms) + query;
    const A* const slopes = static_cast<const A*>(task.slopes) + query;
    rows.load_directions(each, 0, queries.first, queries.count, at.queries, nullptr);
    rows.load_gradient(each, static_cast<const V*>(task.grad), queries.first, queries.count, at.grads);
    each([&](int thread) {
      share_of_product<A>(
          {at.queries, stride, 1}, {at.keys, 1, stride}, queries.count, keys.count, rows.depth, thread,
          [&](int i, int j, A product) {
            at.weights[i * by + j] =
                std::exp(rows.score(queries.first + i, keys.first + j, product * scale) - logarithms[i]);
          });
    });
    each([&](int thread) {
      share_of_product<A>({at.grads, stride, 1}, {at.values, 1, stride}, queries.count, keys.count,
                          rows.depth, thread, [&](int i, int j, A product) {
                            at.slopes[i * by + j] = at.weights[i * by + j] * (product - slopes[i]);
                          });
    });
    each([&](int thread) {
      share_of_product<A>({at.slopes, 1, by}, {at.queries, stride, 1}, keys.count, rows.depth, queries.count,
                          thread, [&](int j, int c, A sum) { at.to_keys[j * stride + c] += sum; });
      share_of_product<A>({at.weights, 1, by}, {at.grads, stride, 1}, keys.count, rows.depth, queries.count,
                          thread, [&](int j, int c, A sum) { at.to_values[j * stride + c] += sum; });
    });
  }
};

template <class V, class A>
bool window_gradients_fit(const WindowGradientTask& task) {
  WindowQueriesKernel<V, A> queries{task};
  WindowKeysKernel<V, A> keys{task};
  return fit_into_room(queries) && fit_into_room(keys);
}
/// `launch(blocks, kernel)` runs a kernel. The task fits.
template <class V, class A, class Launcher>
void launch_window_gradients(const WindowGradientTask& task, Launcher&& launch) {
  WindowQueriesKernel<V, A> queries{task};
  WindowKeysKernel<V, A> keys{task};
  fit_into_room(queries);
  fit_into_room(keys);
  launch(gradient_blocks(task), queries);
  launch(gradient_blocks(task), keys);
}

}  // namespace photo51::ops::cuda
