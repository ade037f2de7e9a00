#include "ops/cuda/resample.hpp"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cmath>
#include <string>

#include "ops/cpu/resample.hpp"
#include "ops/cuda/library.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops::cuda {
namespace {

Voxel voxel_type(at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return Voxel::u8;
    case at::kChar:
      return Voxel::i8;
    case at::kShort:
      return Voxel::i16;
    case at::kUInt16:
      return Voxel::u16;
    case at::kInt:
      return Voxel::i32;
    case at::kLong:
      return Voxel::i64;
    case at::kFloat:
      return Voxel::f32;
    case at::kDouble:
      return Voxel::f64;
    default:
      core::fail_usage(std::string("resample: voxels of type ") + c10::toString(type) +
                       "; it takes integers of 8 to 64 bits, float32 and float64");
  }
}

}  // namespace

Warp make_warp(at::IntArrayRef input, at::IntArrayRef output, const AffineMap& map,
               const ResampleOptions& options) {
  Warp warp;
  warp.channels = input[0];
  const bool cubic = options.interpolation == Interpolation::cubic;
  const bool nearest = options.interpolation == Interpolation::nearest;
  warp.taps = cubic ? 4 : nearest ? 1 : 2;
  warp.border = options.padding == Padding::border;
  warp.surround = options.padding == Padding::surround;
  warp.padding_value = options.padding_value;
  for (size_t a = 0; a < 3; ++a) {
    warp.in[a] = input[3 - a];
    warp.out[a] = output[3 - a];
    warp.offset[a] = map.offset[a];
    const double* row = map.matrix.data() + 3 * a;
    for (size_t j = 0; j < 3; ++j) warp.matrix[3 * a + j] = row[j];
    warp.reach[a] = cpu::edge_reach(std::hypot(row[0], row[1], row[2]));
    if (warp.surround)
      warp.reach[a] = nearest ? 0.5 : cubic ? static_cast<double>(cpu::surround_padding - 3) : 1;
    if (cubic && (warp.in[a] > 1 || warp.surround)) {
      warp.padded_low[a] = warp.surround ? cpu::surround_padding : cpu::edge_padding_low;
      warp.padded_high[a] = warp.surround ? cpu::surround_padding : cpu::edge_padding_high;
      warp.in[a] += warp.padded_low[a] + warp.padded_high[a];
    }
    if (options.displacement != nullptr) warp.points[a] = options.displacement->points[a];
  }
  return warp;
}

at::Tensor with_padding(const at::Tensor& input, const Warp& warp) {
  at::Tensor wide = input.to(at::kFloat);
  if (warp.surround)
    return at::constant_pad_nd(wide,
                               {warp.padded_low[0], warp.padded_high[0], warp.padded_low[1],
                                warp.padded_high[1], warp.padded_low[2], warp.padded_high[2]},
                               warp.padding_value)
        .contiguous();
  for (int64_t a = 0; a < 3; ++a) {
    const int64_t count = input.size(3 - a);
    const auto from =
        at::arange(-warp.padded_low[a], count + warp.padded_high[a], wide.options().dtype(at::kLong));
    if (warp.padded_low[a] > 0) wide = wide.index_select(3 - a, from.clamp(0, count - 1));
  }
  return wide.contiguous();
}

void resample(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
              const ResampleOptions& options) {
  if (options.antialias)
    core::fail_usage("resample: antialias works on the CPU only; move the image there first");
  Voxel voxel = voxel_type(input.scalar_type());
  const c10::DeviceGuard guard(input.device());
  void* stream = c10::impl::VirtualGuardImpl(at::kCUDA).getStream(input.device()).native_handle();
  Warp warp = make_warp(input.sizes(), output.sizes(), map, options);
  at::Tensor control;
  if (options.displacement != nullptr) {
    control = at::tensor(options.displacement->values).to(input.device());
    warp.control = control.const_data_ptr<float>();
  }
  at::Tensor source = input;
  if (warp.taps == 4) {
    source = with_padding(input, warp);
    voxel = Voxel::f32;  // what the padding makes of all types
    for (int64_t c = 0; c < warp.channels; ++c)
      for (int axis = 0; axis < 3; ++axis)
        if (warp.padded_low[axis] > 0)
          check(library().spline(source.select(0, c).mutable_data_ptr<float>(), warp.in, axis, stream),
                "resample");
  }
  check(library().warp(&warp, voxel, source.const_data_ptr(), output.mutable_data_ptr<float>(), stream),
        "resample");
}

}  // namespace photo51::ops::cuda
