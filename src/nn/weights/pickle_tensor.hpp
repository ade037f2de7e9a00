#pragma once
/// The tensors of a program in the pickle format.

#include "nn/weights/pickle.hpp"

namespace photo51::nn {

/// A view of the first `bytes` of a storage, which it keeps: `offset` and strides in elements. Error (data):
/// it reaches beyond them, or has more values than they have elements.
at::Tensor pickled_tensor(const PickleStorage& storage, size_t bytes, at::ScalarType type, int64_t offset,
                          const PickleValue& sizes, const PickleValue& strides);

}  // namespace photo51::nn
