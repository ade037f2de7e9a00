#include "ops/cuda/kernels.hpp"
#include "ops/cuda/launch.cuh"

namespace photo51::ops::cuda {

extern "C" {

int photo51_cuda_norm(const NormTask* task, DeviceValues type, void* stream) {
  Launch launch(stream);
  with_device_values(
      type, [&](auto value, auto sum) { launch_norm<decltype(value), decltype(sum)>(*task, launch); });
  return launch.error();
}

int photo51_cuda_norm_backward(const NormGradientTask* task, DeviceValues type, void* stream) {
  Launch launch(stream);
  with_device_values(type, [&](auto value, auto sum) {
    launch_norm_gradient<decltype(value), decltype(sum)>(*task, launch);
  });
  return launch.error();
}
}

}  // namespace photo51::ops::cuda
