// The counting of textures by the threads of the GPU's kernel, run here in several orders and at once.
#include "ops/cuda/texture.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "ops/cuda/count_texture.hpp"
#include "ops/cuda/library.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops::cuda {
namespace {

using Matrix = std::vector<uint32_t>;  ///< [directions, rows, columns]

/// Levels in a box with a border around them.
struct Scene {
  std::array<int64_t, 3> size{};  ///< z, y, x, with the border
  int64_t border = 1, rows = 1;
  std::vector<int32_t> row;
  std::vector<int64_t> voxels;

  int64_t longest() const { return *std::max_element(size.begin(), size.end()); }
};

/// `levels` at random in a region with holes, one voxel in `holes`; 0: none.
Scene random_scene(std::array<int64_t, 3> size, int levels, int64_t border, unsigned holes = 5) {
  Scene scene;
  scene.border = border;
  scene.rows = levels + 1;
  for (int axis = 0; axis < 3; ++axis) scene.size[axis] = size[axis] + 2 * border;
  scene.row.assign(scene.size[0] * scene.size[1] * scene.size[2], 0);
  std::mt19937 random(static_cast<unsigned>(levels));
  for (int64_t z = 0; z < size[0]; ++z)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t x = 0; x < size[2]; ++x) {
        if (holes != 0 && random() % holes == 0) continue;
        const int64_t voxel = ((z + border) * scene.size[1] + y + border) * scene.size[2] + x + border;
        scene.row[voxel] = static_cast<int32_t>(1 + random() % levels);
        scene.voxels.push_back(voxel);
      }
  return scene;
}

/// One of each two opposite neighbours at `distance`.
std::vector<int64_t> offsets_of(const Scene& scene, int64_t distance) {
  std::vector<int64_t> offsets;
  for (int64_t z = 0; z <= 1; ++z)
    for (int64_t y = -1; y <= 1; ++y)
      for (int64_t x = -1; x <= 1; ++x)
        if (const int64_t offset = (z * scene.size[1] + y) * scene.size[2] + x; offset > 0)
          offsets.push_back(offset * distance);
  return offsets;
}

TextureTask task_of(TextureMatrix matrix, const Scene& scene, const std::vector<int64_t>& offsets) {
  TextureTask task;
  task.matrix = matrix;
  task.levels = {scene.row.data(), scene.voxels.data(), static_cast<int64_t>(scene.voxels.size())};
  task.offsets = offsets.data();
  task.directions = static_cast<int64_t>(offsets.size());
  task.rows = scene.rows;
  task.columns = matrix == TextureMatrix::pairs ? scene.rows : scene.longest() + 1;
  return task;
}

/// By definition: a pair for each two voxels, a run for each voxel that has none of its level before.
Matrix defined(const TextureTask& task) {
  Matrix counts(task.directions * task.cells());
  for (int64_t d = 0; d < task.directions; ++d)
    for (int64_t k = 0; k < task.levels.count; ++k) {
      const int64_t voxel = task.levels.voxels[k], by = task.offsets[d];
      const int32_t own = task.levels.row[voxel];
      const auto same = [&](int64_t at) { return task.levels.row[at] == own; };
      int64_t column = 0;
      if (task.matrix == TextureMatrix::pairs)
        column = task.levels.row[voxel + by];
      else if (!same(voxel - by))
        for (int64_t at = voxel; same(at); at += by) ++column;
      if (column != 0) ++counts[d * task.cells() + own * task.columns + column];
    }
  return counts;
}

enum class Order { ascending, descending, shuffled, at_once };

/// Calls `thread(i)` for each of `count`.
template <class Thread>
void run_threads(int64_t count, Order order, Thread&& thread) {
  std::vector<int64_t> threads(count);
  std::iota(threads.begin(), threads.end(), 0);
  if (order == Order::descending) std::reverse(threads.begin(), threads.end());
  if (order == Order::shuffled) std::shuffle(threads.begin(), threads.end(), std::mt19937(5));
  if (order != Order::at_once) {
    for (const int64_t i : threads) thread(i);
    return;
  }
  std::vector<std::thread> running;
  for (const int64_t i : threads) running.emplace_back([&thread, i] { thread(i); });
  for (std::thread& one : running) one.join();
}

/// The kernel with blocks of `threads`: what is between two barriers runs for all threads of a block first.
Matrix counted(const TextureTask& task, bool own, int64_t blocks, int64_t threads, Order order) {
  Matrix counts(task.directions * task.cells());
  const auto block = [&](int64_t index) {
    const int64_t direction = index / blocks, first = index % blocks * threads;
    uint32_t* const cells = counts.data() + direction * task.cells();
    Matrix shared(own ? task.cells() : 0, 77);  // what the block before left there
    const auto count = static_cast<int64_t>(shared.size());
    run_threads(threads, order, [&](int64_t i) { clear_cells(shared.data(), count, {i, threads}); });
    run_threads(threads, order, [&](int64_t i) {
      count_share(task, direction, {first + i, blocks * threads}, own ? shared.data() : cells);
    });
    run_threads(threads, order, [&](int64_t i) { merge_cells(cells, shared.data(), count, {i, threads}); });
  };
  run_threads(task.directions * blocks, order, block);
  return counts;
}

std::vector<Scene> scenes() {
  std::vector<Scene> all{
      random_scene({6, 7, 8}, 1, 1),      // flat, with holes
      random_scene({5, 6, 9}, 1, 2, 0),   // flat: one run a line
      random_scene({1, 1, 1}, 1, 1, 0),   // a voxel
      random_scene({1, 20, 17}, 4, 1),    // a slice
      random_scene({9, 1, 1}, 2, 3),      // a line
      random_scene({7, 9, 8}, 6, 3),      // far neighbours
      random_scene({5, 9, 8}, 256, 1),    // too many levels for a block's own cells
      random_scene({6, 9, 8}, 700, 1, 0)  // most cells empty
  };
  all.push_back(all.front());
  all.back().voxels.clear();  // none of a slice's
  return all;
}

TEST(CudaTexture, CountsWhatIsDefinedInEveryOrderOfThreads) {
  for (const Scene& scene : scenes())
    for (const auto matrix : {TextureMatrix::pairs, TextureMatrix::runs})
      for (int64_t distance = 1; distance <= scene.border; ++distance) {
        if (matrix == TextureMatrix::runs && distance > 1) continue;
        const std::vector<int64_t> offsets = offsets_of(scene, distance);
        const TextureTask task = task_of(matrix, scene, offsets);
        const Matrix expected = defined(task);
        for (const bool own : {true, false})
          for (const auto order : {Order::ascending, Order::descending, Order::shuffled})
            for (const int64_t blocks : {1, 3})
              EXPECT_EQ(counted(task, own, blocks, 32, order), expected)
                  << scene.rows << " rows, matrix " << int(matrix) << ", distance " << distance << own;
      }
}

TEST(CudaTexture, CountsTheSameWithAllThreadsAtOnce) {
  for (const int levels : {1, 3, 40}) {  // one level: everything falls into the same cell
    const Scene scene = random_scene({8, 9, 10}, levels, 1);
    const std::vector<int64_t> offsets = offsets_of(scene, 1);
    for (const auto matrix : {TextureMatrix::pairs, TextureMatrix::runs}) {
      const TextureTask task = task_of(matrix, scene, offsets);
      const Matrix expected = defined(task);
      for (const bool own : {true, false}) EXPECT_EQ(counted(task, own, 2, 4, Order::at_once), expected);
    }
  }
}

TEST(CudaTexture, DividesVoxelsAmongBlocks) {
  TextureTask task;
  task.rows = task.columns = 111;
  task.levels.count = 1;
  EXPECT_EQ(texture_grid(task).blocks, 1);
  EXPECT_FALSE(texture_grid(task).own);  // 48 KiB hold 110 x 110
  task.rows = task.columns = 110;
  task.levels.count = 3 * kTextureThreads * kTextureVoxels;
  EXPECT_EQ(texture_grid(task).blocks, 3);
  EXPECT_TRUE(texture_grid(task).own);
  task.levels.count = int64_t{1} << 40;
  EXPECT_EQ(texture_grid(task).blocks, kTextureBlocks);
}

at::Tensor on_device(const TextureTask& task, const std::vector<int64_t>& offsets, const Scene& scene,
                     const char* device) {
  return count_texture(task.matrix, at::tensor(scene.row, at::kInt).to(device),
                       at::tensor(scene.voxels, at::kLong).to(device), offsets, task.rows, task.columns)
      .cpu();
}

void expect_counts_on(const char* device, const std::vector<Scene>& all) {
  for (const Scene& scene : all)
    for (const auto matrix : {TextureMatrix::pairs, TextureMatrix::runs}) {
      const std::vector<int64_t> offsets = offsets_of(scene, 1);
      const TextureTask task = task_of(matrix, scene, offsets);
      const at::Tensor found = on_device(task, offsets, scene, device);
      ASSERT_EQ(found.sizes(), at::IntArrayRef({task.directions, task.rows, task.columns}));
      const auto* cells = reinterpret_cast<const uint32_t*>(found.const_data_ptr<int32_t>());
      EXPECT_EQ(Matrix(cells, cells + found.numel()), defined(task)) << scene.rows << " rows";
    }
}

TEST(CudaTexture, TakesTensors) {
  expect_counts_on("cpu", scenes());
}

TEST(CudaTexture, KernelsCountWhatIsDefined) {
  if (!core::gpu_present()) GTEST_SKIP() << "no GPU answers";
  try {
    core::load_cuda();
    library();
  } catch (const core::Error& error) {
    GTEST_SKIP() << error.what();
  }
  std::vector<Scene> all = scenes();
  for (const int levels : {1, 32, 110, 111, 256, 1000})  // several blocks a direction
    all.push_back(random_scene({40, 50, 60}, levels, 1));
  expect_counts_on("cuda", all);
}

}  // namespace
}  // namespace photo51::ops::cuda
