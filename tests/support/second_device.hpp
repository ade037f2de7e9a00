#pragma once
/// A device beside the CPU, on machines without a GPU: its memory is the host's and its operators are the
/// CPU's, but an operator that is handed tensors of both devices refuses, as those of a GPU do. What runs
/// here has put every tensor where it belongs; what a GPU computes is another question. It takes the place of
/// a kind of device that LibTorch has a name for and nothing else.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace photo51::test {

inline at::Device second_device() {
  return {at::kHPU, 0};
}

/// How often this thread asked for what only that device knows: a number of it, how many elements a mask of
/// it leaves, a copy to the CPU. A GPU's caller waits there for all work that is not done.
int64_t times_asked();

}  // namespace photo51::test
