// The works of tools/bench that time themselves: `photo51_bench WORK [ARGUMENT]` prints {"seconds": …}, a
// median.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/model/model.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace {

using namespace photo51;

void print_median(int warm_up, int repeats, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < warm_up + repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    if (i >= warm_up)
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("{\"seconds\": %.6f}\n", seconds[seconds.size() / 2]);
}

/// Four NIfTI volumes to one orientation, 1.5 mm, foreground crop, z-score in the head, one tensor.
void preprocess_work(const std::filesystem::path& folder) {
  preprocess::PreprocessOptions options;
  options.spacing = {1.5, 1.5, 1.5};
  options.crop.around = "foreground";
  options.normalize.method = "zscore";
  core::ThreadPool pool(2);
  print_median(1, 3, [&] {
    std::vector<std::future<imaging::Volume>> reading;
    for (int i = 0; i < 4; ++i)
      reading.push_back(pool.submit(
          [&folder, i] { return imaging::read_volume(folder / ("mod" + std::to_string(i) + ".nii.gz")); }));
    std::vector<std::optional<imaging::Volume>> channels;
    for (auto& volume : reading) channels.emplace_back(volume.get());
    preprocess::prepare(channels, std::nullopt, false, options, nullptr, {}, &pool);
  });
}

/// One AdamW step on cross-entropy, two volumes of 64^3, by the model that `train` builds.
void train_step_work(const config::Choice& encoder) {
  torch::manual_seed(0);
  model::ModelOptions options;
  options.encoders = {{"mri", encoder}};
  options.fusion = config::choose<fusion::ConcatOptions>("concat", {.presence = false});
  options.heads = {{"label", {.task = "binary"}}};
  data::InputInfo info;
  info.channels = 1;
  info.size = {64, 64, 64};
  model::Model network(options, {{"mri", info}}, model::label_specs(options));
  network.train();
  data::Batch batch;
  batch.cases = {"a", "b"};
  batch.inputs["mri"] = {torch::rand({2, 1, 64, 64, 64}), torch::ones({2}, torch::kBool),
                         torch::ones({2, 1}, torch::kBool)};
  batch.labels["label"] = {torch::tensor({0.0F, 1.0F}), torch::zeros({2}, torch::kBool),
                           torch::ones({2}, torch::kBool)};
  torch::optim::AdamW optimizer(network.parameters());
  print_median(2, 5, [&] {
    optimizer.zero_grad();
    network.loss(network.forward(batch), batch).backward();
    optimizer.step();
  });
}

}  // namespace

int main(int argc, char** argv) {
  torch::set_num_threads(2);
  const std::string work = argc > 1 ? argv[1] : "", argument = argc > 2 ? argv[2] : "";
  if (work == "preprocess" && argc > 2) {
    preprocess_work(argument);
  } else if (work == "train_step" && argument == "resnet18_3d") {
    train_step_work(config::choose<backbones::ResNetOptions>(
        "resnet", {.depth = 18, .stem_stride = 1, .downsample_bias = true}));
  } else {
    std::fprintf(stderr, "usage: photo51_bench preprocess FOLDER | train_step resnet18_3d\n");
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
