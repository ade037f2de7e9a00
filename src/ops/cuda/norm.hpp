#pragma once
/// Kernels of ops::norm_act and of its gradient for a GPU. A block takes some rows of at most 32 channels;
/// sums over rows are taken in the type of sums, over blocks in float64, in an order that depends on the
/// sizes alone.

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ops/cuda/block.hpp"
#include "ops/cuda/values.hpp"

namespace photo51::ops::cuda {

/// Maps as ops::NormMaps has them: `outer` parts of `rows` rows of `width` channels. Statistics are
/// [sets][width] entries; part o takes those of set o % sets, and entry i is of channel i % channels.
struct NormShape {
  int64_t outer = 0, rows = 0, width = 0, sets = 0, channels = 0;
  double epsilon = 0, slope = 1;

  static constexpr int64_t rows_of_thread = 32;

  /// Threads side by side in a row, a power of two.
  PHOTO51_DEVICE int lanes() const {
    int lanes = 1;
    while (lanes < kWarpThreads && lanes < width) lanes *= 2;
    return lanes;
  }
  PHOTO51_DEVICE int64_t chunk_rows() const { return kBlockThreads / lanes() * rows_of_thread; }
  PHOTO51_DEVICE int64_t chunks() const { return (rows + chunk_rows() - 1) / chunk_rows(); }
  PHOTO51_DEVICE int64_t tiles() const { return (width + lanes() - 1) / lanes(); }
  /// Of the kernels that go through the maps.
  PHOTO51_DEVICE int64_t blocks() const { return outer * chunks() * tiles(); }
  /// What such kernels sum up a chunk and channel.
  PHOTO51_DEVICE int64_t sums() const { return outer * chunks() * width; }

  PHOTO51_DEVICE int64_t entries() const { return sets * width; }
  PHOTO51_DEVICE int64_t values_an_entry() const { return outer / sets * rows; }
  /// Chunks of an entry.
  PHOTO51_DEVICE int64_t items() const { return outer / sets * chunks(); }
  /// Entries that a block adds up at once.
  PHOTO51_DEVICE int entry_lanes() const {
    int lanes = kBlockThreads;
    while (lanes > 1 && kBlockThreads / lanes < items()) lanes /= 2;
    return lanes;
  }
  PHOTO51_DEVICE int64_t entry_blocks() const { return (entries() + entry_lanes() - 1) / entry_lanes(); }
};

/// Pointers of one device. `V*` are of the maps' type, `A*` of that of sums, which is said beside the task.
struct NormTask {
  NormShape shape;
  const void* x = nullptr;                         ///< V*
  const void* residual = nullptr;                  ///< V*, or null
  void* y = nullptr;                               ///< V*
  const void *weight = nullptr, *bias = nullptr;   ///< A* [channels], or null
  void *mean = nullptr, *variance = nullptr;       ///< A* [entries]
  double *means = nullptr, *deviations = nullptr;  ///< [sums()], room; null: mean and variance are given
};

struct NormGradientTask {
  NormShape shape;
  bool is_constant = false;                                 ///< mean and variance were given
  const void *gy = nullptr, *x = nullptr;                   ///< V*
  const void* y = nullptr;                                  ///< V*, null without an activation
  const void* weight = nullptr;                             ///< A* [channels], or null
  const void *mean = nullptr, *variance = nullptr;          ///< A* [entries]
  void *gx = nullptr, *gresidual = nullptr;                 ///< V*; gresidual may be null
  void *gweight = nullptr, *gbias = nullptr;                ///< A* [channels]
  double *sums = nullptr, *products = nullptr;              ///< [sums()], room
  double *entry_sums = nullptr, *entry_products = nullptr;  ///< [entries], room
};

/// What a block has of the maps.
struct NormBlock {
  int64_t entry;  ///< of its first channel
  int64_t sum;    ///< where its first channel's sums are
  int64_t value;  ///< where its first row and channel is in the maps
  int64_t rows;
  int channels;  ///< at most lanes

  PHOTO51_DEVICE NormBlock(const NormShape& shape, int64_t block) {
    const int64_t column = block % shape.tiles() * shape.lanes(), item = block / shape.tiles();
    const int64_t part = item / shape.chunks(), first = item % shape.chunks() * shape.chunk_rows();
    entry = part % shape.sets * shape.width + column;
    sum = item * shape.width + column;
    value = (part * shape.rows + first) * shape.width + column;
    rows = shape.rows - first < shape.chunk_rows() ? shape.rows - first : shape.chunk_rows();
    channels = static_cast<int>(shape.width - column < shape.lanes() ? shape.width - column : shape.lanes());
  }
};

/// Calls use(place in the maps) for the rows of a thread, whose channel is thread % lanes.
template <class Use>
PHOTO51_DEVICE void for_rows_of_thread(const NormShape& shape, const NormBlock& of, int thread,
                                       const Use& use) {
  const int lanes = shape.lanes(), lines = kBlockThreads / lanes, channel = thread % lanes;
  if (channel >= of.channels) return;
  for (int64_t row = thread / lanes; row < of.rows; row += lines) use(of.value + row * shape.width + channel);
}

struct NormSums {
  double sum, product;
  PHOTO51_DEVICE void operator+=(const NormSums& other) {
    sum += other.sum;
    product += other.product;
  }
};

/// Of values, their mean and the sum of squared deviations from it; put together as Chan et al. do (Updating
/// formulae and a pairwise algorithm for computing sample variances, 1979).
struct NormMoments {
  double count, mean, deviation;
  PHOTO51_DEVICE void operator+=(const NormMoments& other) {
    if (other.count == 0) return;
    const double all = count + other.count, share = other.count / all, apart = other.mean - mean;
    deviation += other.deviation + apart * apart * count * share;
    mean += apart * share;
    count = all;
  }
};

template <class A>
PHOTO51_DEVICE A norm_inverse(A variance, double epsilon) {
  return static_cast<A>(1 / std::sqrt(static_cast<double>(variance) + epsilon));
}

/// Mean and squared deviations of a chunk's channels. The deviations are from the chunk's own mean, which a
/// first pass takes: of sums of squares about 0 nothing would be left where the mean is large.
template <class V, class A>
struct NormMomentsKernel {
  NormTask task;

  PHOTO51_DEVICE size_t room() const { return (kBlockThreads + kWarpThreads) * sizeof(NormSums); }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* room) const {
    const NormShape& shape = task.shape;
    const NormBlock of(shape, block);
    const int lanes = shape.lanes();
    const V* const x = static_cast<const V*>(task.x);
    auto* const sums = static_cast<NormSums*>(room);
    A* const centers = reinterpret_cast<A*>(sums + kBlockThreads);
    const double count = static_cast<double>(of.rows);
    each([&](int thread) {
      A sum = 0;
      for_rows_of_thread(shape, of, thread, [&](int64_t i) { sum += widened(x[i]); });
      sums[thread] = {static_cast<double>(sum), 0};
    });
    add_lines(each, sums, lanes);
    each([&](int thread) {
      if (thread < lanes) centers[thread] = static_cast<A>(sums[thread].sum / count);
    });
    each([&](int thread) {
      const A center = centers[thread % lanes];
      A sum = 0, square = 0;
      for_rows_of_thread(shape, of, thread, [&](int64_t i) {
        const A apart = widened(x[i]) - center;
        sum += apart;
        square += apart * apart;
      });
      sums[thread] = {static_cast<double>(sum), static_cast<double>(square)};
    });
    add_lines(each, sums, lanes);
    each([&](int thread) {
      if (thread >= of.channels) return;
      const double offset = sums[thread].sum / count;  // what rounding took from the center
      const double deviation = sums[thread].product - sums[thread].sum * offset;
      task.means[of.sum + thread] = static_cast<double>(centers[thread]) + offset;
      task.deviations[of.sum + thread] = deviation < 0 ? 0 : deviation;
    });
  }
};

/// Calls use(place among the sums, rows) for the chunks that a thread adds up of an entry.
template <class Use>
PHOTO51_DEVICE void for_items_of_thread(const NormShape& shape, int64_t entry, int thread, const Use& use) {
  const int64_t chunks = shape.chunks(), set = entry / shape.width, channel = entry % shape.width;
  const int lines = kBlockThreads / shape.entry_lanes();
  for (int64_t item = thread / shape.entry_lanes(); item < shape.items(); item += lines) {
    const int64_t part = set + item / chunks * shape.sets, chunk = item % chunks;
    const int64_t left = shape.rows - chunk * shape.chunk_rows();
    use((part * chunks + chunk) * shape.width + channel,
        left < shape.chunk_rows() ? left : shape.chunk_rows());
  }
}

/// Mean and variance of the entries. Blocks are shape.entry_blocks().
template <class A>
struct NormStatisticsKernel {
  NormTask task;

  PHOTO51_DEVICE size_t room() const { return kBlockThreads * sizeof(NormMoments); }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* room) const {
    const NormShape& shape = task.shape;
    const int lanes = shape.entry_lanes();
    auto* const moments = static_cast<NormMoments*>(room);
    each([&](int thread) {
      const int64_t entry = block * lanes + thread % lanes;
      NormMoments own{0, 0, 0};
      if (entry < shape.entries())
        for_items_of_thread(shape, entry, thread, [&](int64_t at, int64_t rows) {
          own += NormMoments{static_cast<double>(rows), task.means[at], task.deviations[at]};
        });
      moments[thread] = own;
    });
    add_lines(each, moments, lanes);
    each([&](int thread) {
      const int64_t entry = block * lanes + thread;
      if (thread >= lanes || entry >= shape.entries()) return;
      static_cast<A*>(task.mean)[entry] = static_cast<A>(moments[thread].mean);
      static_cast<A*>(task.variance)[entry] =
          static_cast<A>(moments[thread].deviation / moments[thread].count);
    });
  }
};

template <class V, class A>
struct NormApplyKernel {
  NormTask task;

  PHOTO51_DEVICE size_t room() const { return 0; }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void*) const {
    const NormShape& shape = task.shape;
    const NormBlock of(shape, block);
    const V *const x = static_cast<const V*>(task.x), *const residual = static_cast<const V*>(task.residual);
    V* const y = static_cast<V*>(task.y);
    each([&](int thread) {
      const int lane = thread % shape.lanes();
      if (lane >= of.channels) return;
      const int64_t entry = of.entry + lane, channel = entry % shape.channels;
      const auto *weight = static_cast<const A*>(task.weight), *bias = static_cast<const A*>(task.bias);
      const A center = static_cast<const A*>(task.mean)[entry], slope = static_cast<A>(shape.slope);
      const A scale = norm_inverse(static_cast<const A*>(task.variance)[entry], shape.epsilon) *
                      (weight == nullptr ? A(1) : weight[channel]);
      const A shift = bias == nullptr ? A(0) : bias[channel];
      for_rows_of_thread(shape, of, thread, [&](int64_t i) {
        A z = (widened(x[i]) - center) * scale + shift;
        if (residual != nullptr) z += widened(residual[i]);
        store_as(y[i], z > 0 ? z : slope * z + 0);  // + 0: no negative zeros
      });
    });
  }
};

// --- gradient

/// What comes back through the activation.
template <class V, class A>
PHOTO51_DEVICE A norm_gradient(const NormGradientTask& task, int64_t i, A slope) {
  const A g = widened(static_cast<const V*>(task.gy)[i]);
  return task.y == nullptr || widened(static_cast<const V*>(task.y)[i]) > 0 ? g : slope * g;
}

/// Sums of the gradient, and of it times x - mean, of a chunk's channels.
template <class V, class A>
struct NormGradientSumsKernel {
  NormGradientTask task;

  PHOTO51_DEVICE size_t room() const { return kBlockThreads * sizeof(NormSums); }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* room) const {
    const NormShape& shape = task.shape;
    const NormBlock of(shape, block);
    const int lanes = shape.lanes();
    const V* const x = static_cast<const V*>(task.x);
    V* const gresidual = static_cast<V*>(task.gresidual);
    auto* const sums = static_cast<NormSums*>(room);
    each([&](int thread) {
      const A slope = static_cast<A>(shape.slope);
      A sum = 0, product = 0;
      if (thread % lanes < of.channels) {
        const A center = static_cast<const A*>(task.mean)[of.entry + thread % lanes];
        for_rows_of_thread(shape, of, thread, [&](int64_t i) {
          const A g = norm_gradient<V>(task, i, slope);
          sum += g;
          product += g * (widened(x[i]) - center);
          if (gresidual != nullptr) store_as(gresidual[i], g);
        });
      }
      sums[thread] = {static_cast<double>(sum), static_cast<double>(product)};
    });
    add_lines(each, sums, lanes);
    each([&](int thread) {
      if (thread >= of.channels) return;
      task.sums[of.sum + thread] = sums[thread].sum;
      task.products[of.sum + thread] = sums[thread].product;
    });
  }
};

/// The same of the entries. Blocks are shape.entry_blocks().
struct NormGradientEntriesKernel {
  NormGradientTask task;

  PHOTO51_DEVICE size_t room() const { return kBlockThreads * sizeof(NormSums); }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* room) const {
    const NormShape& shape = task.shape;
    const int lanes = shape.entry_lanes();
    auto* const sums = static_cast<NormSums*>(room);
    each([&](int thread) {
      const int64_t entry = block * lanes + thread % lanes;
      NormSums own{0, 0};
      if (entry < shape.entries())
        for_items_of_thread(shape, entry, thread, [&](int64_t at, int64_t) {
          own += NormSums{task.sums[at], task.products[at]};
        });
      sums[thread] = own;
    });
    add_lines(each, sums, lanes);
    each([&](int thread) {
      const int64_t entry = block * lanes + thread;
      if (thread >= lanes || entry >= shape.entries()) return;
      task.entry_sums[entry] = sums[thread].sum;
      task.entry_products[entry] = sums[thread].product;
    });
  }
};

/// Gradients of weight and bias: a thread a channel.
template <class A>
struct NormGradientChannelsKernel {
  NormGradientTask task;

  PHOTO51_DEVICE size_t room() const { return 0; }
  PHOTO51_DEVICE int64_t blocks() const { return (task.shape.channels + kBlockThreads - 1) / kBlockThreads; }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void*) const {
    each([&](int thread) {
      const NormShape& shape = task.shape;
      const int64_t channel = block * kBlockThreads + thread;
      if (channel >= shape.channels) return;
      double of_weight = 0, of_bias = 0;
      for (int64_t entry = channel; entry < shape.entries(); entry += shape.channels) {
        const A inverse = norm_inverse(static_cast<const A*>(task.variance)[entry], shape.epsilon);
        of_bias += task.entry_sums[entry];
        of_weight += task.entry_products[entry] * static_cast<double>(inverse);
      }
      static_cast<A*>(task.gweight)[channel] = static_cast<A>(of_weight);
      static_cast<A*>(task.gbias)[channel] = static_cast<A>(of_bias);
    });
  }
};

template <class V, class A>
struct NormGradientInputKernel {
  NormGradientTask task;

  PHOTO51_DEVICE size_t room() const { return 0; }
  PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void*) const {
    const NormShape& shape = task.shape;
    const NormBlock of(shape, block);
    const V* const x = static_cast<const V*>(task.x);
    V* const gx = static_cast<V*>(task.gx);
    each([&](int thread) {
      const int lane = thread % shape.lanes();
      if (lane >= of.channels) return;
      const int64_t entry = of.entry + lane;
      const auto* weight = static_cast<const A*>(task.weight);
      const A center = static_cast<const A*>(task.mean)[entry], slope = static_cast<A>(shape.slope);
      const auto inverse =
          static_cast<double>(norm_inverse(static_cast<const A*>(task.variance)[entry], shape.epsilon));
      const double factor =
          inverse * (weight == nullptr ? 1.0 : static_cast<double>(weight[entry % shape.channels]));
      const auto count = static_cast<double>(shape.values_an_entry());
      const A scale = static_cast<A>(factor);
      const A shift = static_cast<A>(task.is_constant ? 0 : -factor * task.entry_sums[entry] / count);
      const A slant = static_cast<A>(
          task.is_constant ? 0 : -factor * inverse * inverse * task.entry_products[entry] / count);
      for_rows_of_thread(shape, of, thread, [&](int64_t i) {
        store_as(gx[i], norm_gradient<V>(task, i, slope) * scale + (widened(x[i]) - center) * slant + shift);
      });
    });
  }
};

/// `launch(blocks, kernel)` runs a kernel.
template <class V, class A, class Launcher>
void launch_norm(const NormTask& task, Launcher&& launch) {
  if (task.means != nullptr) {
    launch(task.shape.blocks(), NormMomentsKernel<V, A>{task});
    launch(task.shape.entry_blocks(), NormStatisticsKernel<A>{task});
  }
  launch(task.shape.blocks(), NormApplyKernel<V, A>{task});
}
template <class V, class A, class Launcher>
void launch_norm_gradient(const NormGradientTask& task, Launcher&& launch) {
  launch(task.shape.blocks(), NormGradientSumsKernel<V, A>{task});
  launch(task.shape.entry_blocks(), NormGradientEntriesKernel{task});
  const NormGradientChannelsKernel<A> channels{task};
  launch(channels.blocks(), channels);
  launch(task.shape.blocks(), NormGradientInputKernel<V, A>{task});
}

}  // namespace photo51::ops::cuda
