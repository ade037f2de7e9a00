#include "radiomics/ibsi/gpu_texture.hpp"

#include <ATen/ATen.h>

#include <mutex>

#include "ops/cuda/count_texture.hpp"
#include "ops/cuda/library.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"

namespace photo51::radiomics {

using ops::cuda::TextureMatrix;

struct GpuTexture {
  at::Tensor row, voxels;  ///< of the texture
  int64_t fewest = 0;      ///< voxels of a range that is counted here
};

namespace {

template <class Value>
at::Tensor copied(const std::vector<Value>& values, at::ScalarType type, const std::string& device) {
  // Of the tensor nothing is written.
  const auto here =
      at::from_blob(const_cast<Value*>(values.data()), {static_cast<int64_t>(values.size())}, type);
  return here.to(at::Device(device), type, /*non_blocking=*/false, /*copy=*/true);
}

/// LibTorch's errors (no such device, no memory left) as those of the run.
template <class Body>
auto on_gpu(Body&& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    core::fail_run(std::string("count textures on the GPU: ") + error.what_without_backtrace());
  }
}

bool add_on_gpu(TextureMatrix matrix, std::span<Counts> counts, const Texture& texture, Range range,
                const std::vector<int64_t>& offsets, int64_t columns) {
  const GpuTexture* gpu = texture.gpu.get();
  const int64_t rows = texture.rows();
  // Where a matrix of pairs would be a list on the CPU, too.
  const bool mostly_empty = rows * columns > 8 * static_cast<int64_t>(texture.voxels.size()) + 4096;
  if (gpu == nullptr || range.size() < gpu->fewest || mostly_empty) return false;
  const at::Tensor found = on_gpu([&] {
    const auto voxels =
        gpu->voxels.slice(0, static_cast<int64_t>(range.begin), static_cast<int64_t>(range.end));
    return ops::cuda::count_texture(matrix, gpu->row, voxels, offsets, rows, columns).cpu();
  });
  const auto* cell = reinterpret_cast<const uint32_t*>(found.const_data_ptr<int32_t>());
  for (Counts& of_direction : counts)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column, ++cell)
        if (*cell != 0) of_direction.add(row, column, *cell);
  return true;
}

}  // namespace

std::string texture_device(const std::string& wanted) {
  std::string device = core::resolve_device(wanted);
  if (device == "cpu") return device;
  try {
    ops::cuda::library();
  } catch (const core::Error& error) {
    if (wanted != "auto") throw;
    static std::once_flag once;  // not for each of many regions
    std::call_once(
        once, [&] { core::log_warning(std::string("textures are counted on the CPU: ") + error.what()); });
    device = "cpu";
  }
  return device;
}

void put_on(Texture& texture, const std::string& device, int64_t fewest) {
  if (static_cast<int64_t>(texture.voxels.size()) < fewest) return;
  texture.gpu = on_gpu([&] {
    return std::make_shared<const GpuTexture>(
        GpuTexture{copied(texture.row, at::kInt, device), copied(texture.voxels, at::kLong, device), fewest});
  });
}

bool add_pairs_on_gpu(std::span<Counts> counts, const Texture& texture, Range range,
                      const std::vector<int64_t>& offsets) {
  return add_on_gpu(TextureMatrix::pairs, counts, texture, range, offsets, texture.rows());
}

bool add_runs_on_gpu(std::span<Counts> counts, const Texture& texture, Range range,
                     const std::vector<int64_t>& offsets, int64_t longest) {
  return add_on_gpu(TextureMatrix::runs, counts, texture, range, offsets, longest + 1);
}

}  // namespace photo51::radiomics
