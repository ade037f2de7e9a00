#pragma once
/// A kernel as steps of a block of threads, between which all of them wait. It is written once,
///
///   struct Kernel {
///     PHOTO51_DEVICE size_t room() const;                                   // bytes that a block shares
///     PHOTO51_DEVICE void operator()(int64_t block, const Threads& each, void* room) const {
///       each([&](int thread) { ... });                                      // a step
///     }
///   };
///
/// and run by blocks on a GPU (launch.cuh) and, for tests, thread by thread on the CPU (InTurn). What a
/// thread hands to a later step it leaves in the shared room.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/cuda/device_code.hpp"

namespace photo51::ops::cuda {

constexpr int kBlockThreads = 256;
constexpr int kWarpThreads = 32;

struct Threads {
  bool backwards = false;  ///< on the CPU: the last thread takes its turn first

  template <class Step>
  PHOTO51_DEVICE void operator()(const Step& step) const {
#ifdef __CUDA_ARCH__
    step(static_cast<int>(threadIdx.x));
    __syncthreads();
#else
    for (int i = 0; i < kBlockThreads; ++i) step(backwards ? kBlockThreads - 1 - i : i);
#endif
  }
};

/// Sums of threads whose numbers are the same modulo `lanes`, a power of two: they end in the first `lanes`.
template <class Sum>
PHOTO51_DEVICE void add_lines(const Threads& each, Sum* sums, int lanes) {
  for (int half = kBlockThreads / 2; half >= lanes; half /= 2)
    each([&](int thread) {
      if (thread < half) sums[thread] += sums[thread + half];
    });
}

/// Runs kernels on the CPU.
struct InTurn {
  static inline bool backwards = false;  ///< the order of threads, of which the result must not know

  template <class Kernel>
  void operator()(int64_t blocks, const Kernel& kernel) const {
    // Nothing that a block finds in its room is a number.
    const size_t count = (kernel.room() + sizeof(double) - 1) / sizeof(double);
    std::vector<uint64_t> room(count);
    for (int64_t block = 0; block < blocks; ++block) {
      std::fill(room.begin(), room.end(), ~uint64_t{0});
      kernel(block, Threads{backwards}, room.data());
    }
  }
};

}  // namespace photo51::ops::cuda
