#include "nn/weights/pickle_globals.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <iterator>

namespace photo51::nn {
namespace {

constexpr PickleGlobal pickle_globals[] = {
    {"collections", "OrderedDict", PickleRole::ordered_dict},
    {"torch._utils", "_rebuild_tensor_v2", PickleRole::tensor},
    {"torch._utils", "_rebuild_tensor_v3", PickleRole::typed_tensor},
    {"torch._utils", "_rebuild_parameter", PickleRole::parameter},
    {"torch", "Size", PickleRole::size},
    {"torch", "DoubleStorage", PickleRole::storage, at::kDouble},
    {"torch", "FloatStorage", PickleRole::storage, at::kFloat},
    {"torch", "HalfStorage", PickleRole::storage, at::kHalf},
    {"torch", "BFloat16Storage", PickleRole::storage, at::kBFloat16},
    {"torch", "LongStorage", PickleRole::storage, at::kLong},
    {"torch", "IntStorage", PickleRole::storage, at::kInt},
    {"torch", "ShortStorage", PickleRole::storage, at::kShort},
    {"torch", "CharStorage", PickleRole::storage, at::kChar},
    {"torch", "ByteStorage", PickleRole::storage, at::kByte},
    {"torch", "BoolStorage", PickleRole::storage, at::kBool},
    {"torch.storage", "UntypedStorage", PickleRole::storage, at::kByte},
    {"torch", "float64", PickleRole::type, at::kDouble},
    {"torch", "float32", PickleRole::type, at::kFloat},
    {"torch", "float16", PickleRole::type, at::kHalf},
    {"torch", "bfloat16", PickleRole::type, at::kBFloat16},
    {"torch", "int64", PickleRole::type, at::kLong},
    {"torch", "int32", PickleRole::type, at::kInt},
    {"torch", "int16", PickleRole::type, at::kShort},
    {"torch", "int8", PickleRole::type, at::kChar},
    {"torch", "uint8", PickleRole::type, at::kByte},
    {"torch", "bool", PickleRole::type, at::kBool},
    // What trainers keep beside the weights: nnU-Net numbers of numpy, DINO and MAE their command line.
    {"torch", "device", PickleRole::opaque},
    {"numpy", "dtype", PickleRole::opaque},
    {"numpy", "ndarray", PickleRole::opaque},
    {"numpy.core.multiarray", "scalar", PickleRole::opaque},
    {"numpy._core.multiarray", "scalar", PickleRole::opaque},
    {"numpy.core.multiarray", "_reconstruct", PickleRole::opaque},
    {"numpy._core.multiarray", "_reconstruct", PickleRole::opaque},
    {"numpy.core.numeric", "_frombuffer", PickleRole::opaque},
    {"numpy._core.numeric", "_frombuffer", PickleRole::opaque},
    {"_codecs", "encode", PickleRole::opaque},
    {"argparse", "Namespace", PickleRole::opaque},
    {"__builtin__", "set", PickleRole::opaque},
    {"builtins", "set", PickleRole::opaque},
};

}  // namespace

const PickleGlobal* find_pickle_global(std::string_view module, std::string_view name) {
  const auto* found = std::ranges::find_if(pickle_globals, [&](const PickleGlobal& global) {
    return global.module == module && global.name == name;
  });
  return found == std::end(pickle_globals) ? nullptr : found;
}

}  // namespace photo51::nn
