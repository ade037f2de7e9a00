#include "ops/cuda/count_texture.hpp"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "ops/cuda/library.hpp"

namespace photo51::ops::cuda {
namespace {

/// The kernel's blocks and threads in turn.
void count_in_turn(const TextureTask& task, uint32_t* counts) {
  const TextureGrid grid = texture_grid(task);
  std::vector<uint32_t> block(grid.own ? task.cells() : 0);
  for (int64_t direction = 0; direction < task.directions; ++direction) {
    uint32_t* const cells = counts + direction * task.cells();
    for (int64_t b = 0; b < grid.blocks; ++b) {
      uint32_t* const to = grid.own ? block.data() : cells;
      clear_cells(block.data(), static_cast<int64_t>(block.size()), {});
      for (int64_t thread = 0; thread < kTextureThreads; ++thread)
        count_share(task, direction, {b * kTextureThreads + thread, grid.blocks * kTextureThreads}, to);
      merge_cells(cells, block.data(), static_cast<int64_t>(block.size()), {});
    }
  }
}

}  // namespace

at::Tensor count_texture(TextureMatrix matrix, const at::Tensor& row, const at::Tensor& voxels,
                         const std::vector<int64_t>& offsets, int64_t rows, int64_t columns) {
  const auto directions = static_cast<int64_t>(offsets.size());
  const c10::Device device = row.device();
  const c10::DeviceGuard guard(device);
  at::Tensor counts = at::zeros({directions, rows, columns}, row.options().dtype(at::kInt));
  const at::Tensor offset = at::tensor(offsets, at::kLong).to(device);
  TextureTask task;
  task.matrix = matrix;
  task.levels = {row.const_data_ptr<int32_t>(), voxels.const_data_ptr<int64_t>(), voxels.numel()};
  task.offsets = offset.const_data_ptr<int64_t>();
  task.directions = directions;
  task.rows = rows;
  task.columns = columns;
  auto* const cells = reinterpret_cast<uint32_t*>(counts.mutable_data_ptr<int32_t>());
  if (device.is_cuda()) {
    void* stream = c10::impl::VirtualGuardImpl(at::kCUDA).getStream(device).native_handle();
    check(library().texture(&task, cells, stream), "count textures");
  } else {
    count_in_turn(task, cells);
  }
  return counts;
}

}  // namespace photo51::ops::cuda
