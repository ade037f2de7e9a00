// Programs that encoders run lie in the run, and in the model that is made of it.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <fstream>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/foreign/torch_script.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/training/run/run.hpp"
#include "support/errors.hpp"
#include "support/second_device.hpp"
#include "support/shared_data.hpp"
#include "support/torch_script.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Ten patients whose image is brighter where the label is 1, and a TorchScript module.
class Programs : public ::testing::Test {
 protected:
  Programs() {
    std::ofstream manifest(folder_ / "cohort.csv");
    manifest << "patient,t1,idh\n";
    for (int i = 0; i < 10; ++i) {
      imaging::Volume volume;
      volume.data = at::full({1, 6, 6, 6}, static_cast<double>(i), at::kFloat);
      volume.data.view(-1)[0] = -1;
      volume.geometry.size = {6, 6, 6};
      imaging::write_nifti(volume, folder_ / (std::to_string(i) + ".nii"));
      manifest << "P" << i << "," << i << ".nii," << i % 2 << "\n";
    }
    fs::create_directories(folder_ / "mine");
    write_module(2);
    std::ofstream(folder_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
           "inputs: {mri: {modality: mri, channels: [t1], preprocess: {size: [6, 6, 6]}}}\n"
           "model:\n  encoders: {mri: {name: torchscript, file: mine/net.pt}}\n"
           "  heads: {idh: {task: binary}}\n"
           "train: {epochs: 2, batch_size: 4, workers: 0, threads: 1, seed: 3}\n"
           "evaluate: {confidence: none}\n";
  }
  void write_module(int64_t seed) const {
    at::manual_seed(static_cast<uint64_t>(seed));
    test::write_script(folder_ / "mine/net.pt",
                       "def forward(self, x):\n  return torch.relu(torch.conv3d(x, self.weight))\n",
                       {{{"weight", at::randn({4, 1, 3, 3, 3})}}});
  }
  fs::path run(const std::string& name, RunRequest request = {}) const {
    request.folder = folder_ / name;
    train(read_experiment(folder_ / "config.yaml", {}), request);
    return request.folder;
  }
  std::vector<double> predictions(const fs::path& model) const {
    const inference::Predictor predictor(model);
    data::CohortOptions options = predictor.pipeline().cohort;
    options.manifest = folder_ / "cohort.csv";
    const data::Cohort cohort(options, predictor.pipeline().inputs, predictor.labels(), false);
    std::vector<double> values;
    for (const auto& one : predictor.predict(cohort, {0, 1, 2, 3})) values.push_back(one.value);
    return values;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Programs, GoWithTheRunAndTheModel) {
  const auto made = run("run");
  const std::string name = "model.encoders.mri.file";
  EXPECT_THAT(core::read_file(made / "config.yaml"), HasSubstr("file: program_mri.pt\n"));
  EXPECT_EQ(core::read_file(made / "program_mri.pt"), core::read_file(folder_ / "mine/net.pt"));
  EXPECT_THAT(core::read_file(made / "environment.json"), HasSubstr(name));
  const auto member = nn::read_safetensors(made / "checkpoints/fold_0/best.safetensors");
  EXPECT_EQ(member.metadata.at("programs"), "{\"mri\":\"" + core::hash_file(made / "program_mri.pt") + "\"}");
  EXPECT_THAT(member.metadata.at("pretrained"), HasSubstr("TorchScript"));
  EXPECT_TRUE(member.tensors.contains("encoders.mri.backbone.weight"));
  inference::export_model(made, folder_ / "model");
  EXPECT_THAT(core::read_file(folder_ / "model/model.yaml"), HasSubstr("file: program_mri.pt\n"));
  fs::rename(made, folder_ / "moved");  // and nothing is left where it was trained
  fs::remove_all(folder_ / "mine");
  const auto said = predictions(folder_ / "moved");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(predictions(folder_ / "model"), said);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("program_mri.pt: the model's encoder of mri is a program"),
                    HasSubstr("use it only if you trust them")));
  inference::export_model(folder_ / "moved", folder_ / "again");
  EXPECT_EQ(predictions(folder_ / "again"), said);
}

TEST_F(Programs, AreThoseOfTheTraining) {
  const auto made = run("run");
  RunRequest resumed;
  resumed.resume = true;
  write_module(7);
  fs::copy_file(folder_ / "mine/net.pt", made / "program_mri.pt", fs::copy_options::overwrite_existing);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { const inference::Predictor predictor(made); }),
              AllOf(HasSubstr("best.safetensors: model.encoders.mri.file: is another program"),
                    HasSubstr("put that one back, or train again")));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { run("run", resumed); }),
              HasSubstr("model.encoders.mri: `file: "));
}

/// One that finds where the patient is.
class SegmenterPrograms : public Programs {
 protected:
  SegmenterPrograms() {
    write_segmenter("0.5");
    std::ofstream(folder_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
           "inputs: {mri: {modality: mri, channels: [t1], preprocess: {size: [6, 6, 6]}, segmenter: "
           "{name: torchscript, program: mine/head.pt, threshold: 0}}}\n"
           "model:\n  encoders: {mri: {name: conv_net, widths: [4]}}\n"
           "  heads: {idh: {task: binary}}\n"
           "train: {epochs: 1, batch_size: 4, workers: 2, threads: 1, seed: 3}\n"
           "evaluate: {confidence: none}\n";
  }
  void write_segmenter(const std::string& least) const {
    test::write_script(folder_ / "mine/head.pt",
                       "def forward(self, x):\n  return torch.ones_like(x) * (x > -" + least + ")\n");
  }
  static constexpr const char* copy = "program_mri.segmenter.program.pt";
};

TEST_F(SegmenterPrograms, GoWithTheRunAndTheModel) {
  const auto made = run("run");
  EXPECT_THAT(core::read_file(made / "config.yaml"),
              HasSubstr("program: program_mri.segmenter.program.pt\n"));
  EXPECT_EQ(core::read_file(made / copy), core::read_file(folder_ / "mine/head.pt"));
  const auto member = nn::read_safetensors(made / "checkpoints/fold_0/best.safetensors");
  EXPECT_EQ(member.metadata.at("segmenters"),
            "{\"mri.segmenter.program\":\"" + core::hash_file(made / copy) + "\"}");
  EXPECT_THAT(member.metadata.at("prepared"), HasSubstr("inputs.mri.segmenter.threshold"));
  EXPECT_FALSE(member.metadata.contains("programs"));
  inference::export_model(made, folder_ / "model");
  EXPECT_THAT(core::read_file(folder_ / "model/model.yaml"),
              HasSubstr("program: program_mri.segmenter.program.pt\n"));
  fs::remove_all(folder_ / "mine");
  const auto said = predictions(made);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(predictions(folder_ / "model"), said);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("program_mri.segmenter.program.pt: the model's segmenter of mri is a program"));
}

TEST_F(SegmenterPrograms, AreThoseOfTheTraining) {
  const auto made = run("run");
  const auto refused = [&] {
    return test::message_of(core::Fault::data, [&] { const inference::Predictor predictor(made); });
  };
  write_segmenter("0.25");
  fs::copy_file(folder_ / "mine/head.pt", made / copy, fs::copy_options::overwrite_existing);
  EXPECT_THAT(refused(),
              AllOf(HasSubstr("best.safetensors: inputs.mri.segmenter.program: is another program"),
                    HasSubstr("put that one back, or train again")));
  fs::remove(made / copy);
  EXPECT_THAT(refused(), AllOf(HasSubstr("inputs.mri.segmenter.program: "), HasSubstr(copy),
                               HasSubstr("is missing; put the program there")));
}

TEST_F(Programs, ResumedTrainingEndsWithTheSameBytes) {
  const auto whole = run("whole");
  RunRequest first;
  first.stop_after_steps = 3;
  EXPECT_ANY_THROW(run("parts", first));
  fs::remove(folder_ / "parts/program_mri.pt");
  RunRequest rest;
  rest.resume = true;
  const auto parts = run("parts", rest);
  for (const char* file : {"checkpoints/fold_0/best.safetensors", "predictions.csv", "program_mri.pt"})
    EXPECT_EQ(core::read_file(parts / file), core::read_file(whole / file)) << file;
  RunRequest anew;
  anew.overwrite = true;
  run("parts", anew);  // the copy is the run's own
}

/// Tensors that are neither parameters nor buffers, as those in the code of a frozen module.
TEST(ProgramOnDevices, ConstantsGoAlong) {
  const at::NoGradGuard no_grad;
  const test::TemporaryFolder folder;
  at::manual_seed(3);
  const at::Tensor weight = at::randn({4, 3, 3, 3}), image = at::randn({2, 3, 8, 12});
  const std::string code = "def forward(self, x):\n  return torch.conv2d(x, self.weight)\n";
  auto module = test::script_module(code, {{{"weight", weight}}});
  module.eval();
  backbones::TorchScriptOptions options;
  options.file = folder / "net.pt";
  torch::jit::freeze(module).save(options.file.string());
  const backbones::InputShape shape{.image = true, .channels = 3, .dims = 2, .size = {8, 12}};
  const auto network = backbones::make_torch_script(options, shape);
  EXPECT_TRUE(network->parameters().empty());
  const at::Tensor expected = at::conv2d(image, weight);
  EXPECT_TRUE(at::equal(network->features(image).stages.at(0), expected));
  network->to(test::second_device());
  const at::Tensor there = network->features(image.to(test::second_device())).stages.at(0);
  EXPECT_EQ(there.device(), test::second_device());
  EXPECT_TRUE(at::equal(there.cpu(), expected));
  const auto other = backbones::make_torch_script(options, shape);
  test::write_script(options.file, code, {{{"weight", weight}}});
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { other->to(test::second_device()); }),
              HasSubstr("net.pt: was changed while the program ran"));
}

/// As above, of weights that train.
TEST(ProgramOnDevices, WeightsAreThoseThatWereMoved) {
  const test::TemporaryFolder folder;
  at::manual_seed(3);
  backbones::TorchScriptOptions options;
  options.file = test::write_script(folder / "net.pt", "def forward(self, x):\n  return x * self.scale\n",
                                    {{{"scale", at::ones({1})}}});
  const auto network =
      backbones::make_torch_script(options, {.image = true, .channels = 3, .dims = 2, .size = {8, 12}});
  network->to(test::second_device());
  {
    const at::NoGradGuard no_grad;
    network->parameters().at(0).mul_(3);
  }
  const at::Tensor image = at::randn({2, 3, 8, 12});
  const at::Tensor stage = network->features(image.to(test::second_device())).stages.at(0);
  EXPECT_TRUE(at::allclose(stage.cpu(), 3 * image));
  stage.sum().backward();
  EXPECT_NEAR(network->parameters().at(0).grad().cpu().item<double>(), image.sum().item<double>(), 1e-3);
}

}  // namespace
}  // namespace photo51::training
