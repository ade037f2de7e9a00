#pragma once
/// Weights of one input (2D, three colors, 224 x 224) for a network of another, tensor by tensor.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/nn/weights/adapt_options.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

/// A parameter [1, prefix + places, D] with a vector for each place of a grid.
struct PositionTable {
  std::string name;
  int64_t prefix = 0;         ///< vectors of tokens that have no place, at the beginning
  std::vector<int64_t> grid;  ///< [D,] H, W
};

/// What adaptation must know of the network.
struct AdaptTarget {
  int64_t dims = 3, channels = 1;  ///< of its images
  std::vector<PositionTable> positions{};
};

struct Adapted {
  Tensors tensors;
  /// What was changed, in words, one kind a line: "inflate: repeat, 20 kernels".
  std::vector<std::string> changes;
  /// Which options would change what still has another shape: "adapt.inflate".
  std::vector<std::string> would_help;
};
/// `given` by our names, for the parameters and buffers `own`. Where shapes agree, where an option is `none`
/// or cannot help, the tensor is the one given.
Adapted adapt(const Tensors& given, const Tensors& own, const AdaptOptions& options,
              const AdaptTarget& target);

}  // namespace photo51::nn
