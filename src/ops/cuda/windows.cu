#include "ops/cuda/kernels.hpp"
#include "ops/cuda/launch.cuh"

namespace photo51::ops::cuda {

extern "C" {

int photo51_cuda_windows(const WindowTask* task, DeviceValues type, void* stream) {
  Launch launch(stream);
  with_device_values(
      type, [&](auto value, auto sum) { launch_windows<decltype(value), decltype(sum)>(*task, launch); });
  return launch.error();
}

int photo51_cuda_windows_backward(const WindowGradientTask* task, DeviceValues type, void* stream) {
  Launch launch(stream);
  with_device_values(type, [&](auto value, auto sum) {
    launch_window_gradients<decltype(value), decltype(sum)>(*task, launch);
  });
  return launch.error();
}
}

}  // namespace photo51::ops::cuda
