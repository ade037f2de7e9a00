// photo51 weights: inspect, convert, diff, forward.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/files.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/torch_archive.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The weights of a small `conv_net` with one stage and a classifier of 3 classes.
class WeightsCommand : public testing::Test {
 protected:
  WeightsCommand() {
    at::manual_seed(1);
    state_ = {{"stage1.conv1.weight", at::randn({4, 3, 3, 3})},
              {"stage1.bn1.weight", at::rand({4})},
              {"stage1.bn1.bias", at::randn({4})},
              {"stage1.bn1.running_mean", at::randn({4})},
              {"stage1.bn1.running_var", at::rand({4}) + 0.5},
              {"stage1.bn1.num_batches_tracked", at::zeros({}, at::kLong)},
              {"fc.weight", at::randn({3, 4})},
              {"fc.bias", at::randn({3})}};
    nn::write_safetensors(path("w.safetensors"), state_);
    nn::write_safetensors(path("x.safetensors"), {{"x", at::randn({2, 3, 8, 8})}});
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_;
  nn::Tensors state_;
};

TEST_F(WeightsCommand, ForwardRunsANetwork) {
  const Outcome outcome =
      run_program({"weights", "forward", "conv_net", "widths=[4]", "--weights", path("w.safetensors"),
                   "--input", path("x.safetensors"), "--output", path("y.safetensors")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("y.safetensors: y [2, 3]"));
  const at::Tensor x = nn::read_safetensors(path("x.safetensors")).tensors.at("x");
  at::Tensor map = at::conv2d(x, state_.at("stage1.conv1.weight"), {}, 1, 1);
  map = at::batch_norm(map, state_.at("stage1.bn1.weight"), state_.at("stage1.bn1.bias"),
                       state_.at("stage1.bn1.running_mean"), state_.at("stage1.bn1.running_var"), false, 0.1,
                       1e-5, false)
            .relu();
  const at::Tensor y =
      at::linear(at::max_pool2d(map, 2).mean({2, 3}), state_.at("fc.weight"), state_.at("fc.bias"));
  EXPECT_TRUE(at::allclose(nn::read_safetensors(path("y.safetensors")).tensors.at("y"), y, 1e-4, 1e-5));
  const Outcome bad =
      run_program({"weights", "forward", "conv_net", "widths=[4]", "--weights", path("w.safetensors"),
                   "--input", path("w.safetensors"), "--output", path("y.safetensors")});
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_THAT(bad.err, HasSubstr("there is no tensor `x`"));
}

TEST_F(WeightsCommand, InspectSaysWhoseNamesTheyAre) {
  const Outcome text = run_program({"weights", "inspect", path("w.safetensors")});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("fc.weight  [3,4]  Float"), HasSubstr("8 tensors"),
                              HasSubstr("names of conv_net as in photo51: 100 %")));
  nn::Tensors renamed;
  for (const auto& [name, values] : state_)
    renamed[name.starts_with("stage1.conv1") ? "net.first.weight" : name] = values;
  nn::write_safetensors(path("renamed.safetensors"), renamed);
  const Outcome json = run_program({"--json", "weights", "inspect", path("renamed.safetensors"), "--network",
                                    "conv_net", "--set", "widths=[4]"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const auto as = nlohmann::json::parse(json.out).at("as");
  EXPECT_EQ(as.at("missing"), nlohmann::json::array({"stage1.conv1.weight"}));
  EXPECT_EQ(as.at("renames").at(0), (nlohmann::json{{"from", "net.first"}, {"to", "stage1.conv1"}}));
  EXPECT_EQ(as.at("classes"), 3);
  nn::write_safetensors(path("strange.safetensors"), {{"a.b", at::ones({3})}});
  EXPECT_THAT(run_program({"weights", "inspect", path("strange.safetensors")}).out,
              HasSubstr("those of no network here"));
  EXPECT_THAT(run_program({"weights", "inspect", path("renamed.safetensors"), "--network", "conv_net",
                           "--set", "widths=[4]"})
                  .out,
              HasSubstr("proposed: --rename net.first=stage1.conv1"));
}

/// A vision transformer has a position for each patch.
TEST_F(WeightsCommand, InspectTakesTheSizeOfImages) {
  nn::write_safetensors(path("vit.safetensors"), {{"patch_embed.proj.weight", at::randn({12, 3, 8, 8})},
                                                  {"pos_embed", at::randn({1, 1 + 4 * 6, 12})}});
  const auto inspected = [&](const std::string& size) {
    std::vector<std::string> arguments{"--json",    "weights", "inspect", path("vit.safetensors"),
                                       "--network", "vit"};
    for (const char* setting : {"patch_size=8", "embed_dim=12", "depth=1", "num_heads=2", "mlp_dim=24"})
      arguments.insert(arguments.end(), {"--set", setting});
    if (!size.empty()) arguments.insert(arguments.end(), {"--set", size});
    return run_program(arguments);
  };
  const auto shapes = [&](const std::string& size) {
    return nlohmann::json::parse(inspected(size).out).at("as").at("shapes");
  };
  EXPECT_TRUE(shapes("size=[32,48]").empty());
  const auto of_square = shapes("size=32");
  ASSERT_EQ(of_square.size(), 1U);
  EXPECT_EQ(of_square.at(0).at("file"), nlohmann::json({1, 25, 12}));
  EXPECT_EQ(of_square.at(0).at("network"), nlohmann::json({1, 17, 12}));
  EXPECT_EQ(shapes("").at(0).at("network"), nlohmann::json({1, 1 + 28 * 28, 12}));
  const Outcome undivided = inspected("size=30");
  EXPECT_EQ(undivided.exit_code, 2);
  EXPECT_THAT(undivided.out + undivided.err, HasSubstr("must divide the image's size (30)"));
}

TEST_F(WeightsCommand, ConvertReadsTorchFilesAndGivesOtherNames) {
  const std::string values = pickle::tensor(pickle::storage("FloatStorage", "0", 6), 0, {2, 3}, {3, 1});
  core::write_file_atomic(
      path("a.pth"),
      torch_archive(pickle::program(pickle::dict({{"model", pickle::dict({{"module.a.w", values}})},
                                                  {"ema", pickle::dict({{"module.a.w", values}})}})),
                    {{"0", std::string(24, '\0')}}));
  const auto convert = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"weights", "convert"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  };
  const Outcome two = convert({path("a.pth"), "--to", path("a.safetensors")});
  EXPECT_EQ(two.exit_code, 3);
  EXPECT_THAT(two.err, HasSubstr("several state dicts: `model`, `ema`"));
  const Outcome done =
      convert({path("a.pth"), "--to", path("a.safetensors"), "--entry", "ema", "--bare", "--rename", "a=b",
               "--mean", "0.5,0.4", "--std", "1,2", "--range", "0,255", "--spacing", "1,1,2"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto file = nn::read_safetensors(path("a.safetensors"));
  EXPECT_EQ(file.tensors.count("b.w"), 1U);
  EXPECT_EQ(file.metadata.at("preprocessing"),
            R"({"mean":[0.5,0.4],"std":[1.0,2.0],"range":[0.0,255.0],"spacing":[1.0,1.0,2.0]})");
  const std::vector<std::string> network{path("w.safetensors"), "--to",     path("c.safetensors"),
                                         "--network",           "conv_net", "--set",
                                         "widths=[4]",          "--dialect"};
  const auto as = [&](const std::string& dialect) {
    std::vector<std::string> arguments = network;
    arguments.push_back(dialect);
    return convert(arguments);
  };
  EXPECT_EQ(as("photo51").exit_code, 0);
  EXPECT_EQ(nn::read_safetensors(path("c.safetensors")).tensors.size(), 8U);
  EXPECT_THAT(as("jax").err, HasSubstr("no names of `jax` are known for `conv_net`"));
  EXPECT_THAT(convert({path("w.safetensors"), "--to", path("w.pth")}).err,
              HasSubstr("only safetensors are written"));
  EXPECT_THAT(convert({path("w.safetensors"), "--to", path("c.safetensors"), "--dialect", "timm"}).err,
              HasSubstr("--network and --dialect go together"));
  EXPECT_THAT(convert({path("w.safetensors"), "--to", path("c.safetensors"), "--rename", "a"}).err,
              HasSubstr("--rename a: needs FROM=TO"));
  EXPECT_EQ(convert({path("w.safetensors"), "--to", path("c.safetensors"), "--mean", "1"}).exit_code, 3);
}

TEST_F(WeightsCommand, DiffTellsNamesShapesAndValues) {
  nn::Tensors other = state_;
  other["fc.weight"] = state_.at("fc.weight") * 2;
  other["fc.bias"] = at::ones({4});
  other.erase("stage1.bn1.bias");
  other["more"] = at::ones({1});
  nn::write_safetensors(path("v.safetensors"), other);
  const Outcome outcome = run_program({"weights", "diff", path("w.safetensors"), path("v.safetensors")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("only in A: stage1.bn1.bias"), HasSubstr("only in B: more"),
                                 HasSubstr("fc.bias: [3] and [4]"),
                                 HasSubstr("fc.weight: values, |A - B| up to 0.5 of B's largest"),
                                 HasSubstr("5 tensors are equal, 2 differ, 1 are only in A, 1 only in B")));
  const Outcome json =
      run_program({"--json", "weights", "diff", path("w.safetensors"), path("v.safetensors")});
  EXPECT_EQ(nlohmann::json::parse(json.out).at("equal"), 5);
}

}  // namespace
}  // namespace photo51::test
