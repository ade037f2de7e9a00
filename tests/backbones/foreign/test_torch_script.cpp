#include "photo51/backbones/foreign/torch_script.hpp"

#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <limits>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/core/files.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/torch_script.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const InputShape kPictures{.image = true, .channels = 3, .dims = 2, .size = {8, 12}};
const std::string kConvolution =
    "def forward(self, x):\n  return torch.relu(torch.conv2d(x, self.weight, None, [2, 2], [1, 1]))\n";

class TorchScript : public ::testing::Test {
 protected:
  TorchScript() { at::manual_seed(3); }
  /// Options of a module that is written to the folder.
  TorchScriptOptions script(const std::string& code, const test::ScriptTensors& tensors = {}) const {
    TorchScriptOptions options;
    options.file = test::write_script(folder_ / "module.pt", code, tensors);
    return options;
  }
  std::string refused(const TorchScriptOptions& options, core::Fault fault = core::Fault::data,
                      const InputShape& shape = kPictures) const {
    const std::string said = message_of(fault, [&] { make_torch_script(options, shape); });
    EXPECT_THAT(said, HasSubstr("module.pt: "));
    return said;
  }
  /// An archive with such records, for what torch.jit.save does not write.
  TorchScriptOptions archive(const std::map<std::string, std::string>& records) const {
    TorchScriptOptions options;
    options.file = folder_ / "module.pt";
    caffe2::serialize::PyTorchStreamWriter writer(options.file.string());
    for (const auto& [name, bytes] : records) writer.writeRecord(name, bytes.data(), bytes.size());
    writer.writeEndOfFile();
    return options;
  }
  const at::Tensor weight_ = at::randn({4, 3, 3, 3});
  const at::Tensor image_ = at::randn({2, 3, 8, 12});
  test::TemporaryFolder folder_;
};

TEST_F(TorchScript, TrainsTheWeightsOfItsFile) {
  const auto network = make_torch_script(script(kConvolution, {{{"weight", weight_}}}), kPictures);
  EXPECT_THAT(network->widths(), ElementsAre(4));
  const auto state = nn::state_of(*network);
  ASSERT_EQ(state.size(), 1U);
  EXPECT_TRUE(at::equal(state.at("weight"), weight_));
  const at::Tensor ours = weight_.clone().requires_grad_(), image = image_.clone().requires_grad_();
  const at::Tensor expected = at::conv2d(image, ours, {}, {2, 2}, {1, 1}).relu();
  expected.square().sum().backward();
  const at::Tensor again = image_.clone().requires_grad_();
  const at::Tensor stage = network->features(again).stages.at(0);
  EXPECT_TRUE(at::equal(stage, expected));
  stage.square().sum().backward();
  EXPECT_TRUE(at::allclose(again.grad(), image.grad()));
  EXPECT_TRUE(at::allclose(state.at("weight").grad(), ours.grad()));
}

/// Weights that are loaded, copied or shared, are those that the program computes with.
TEST_F(TorchScript, ComputesWithTheWeightsThatAreLoaded) {
  const at::NoGradGuard no_grad;
  const auto network = make_torch_script(script(kConvolution, {{{"weight", weight_}}}), kPictures);
  for (const bool share : {false, true}) {
    const at::Tensor other = at::randn_like(weight_);
    nn::load_state(*network, {{"weight", other}}, "a test", {.share = share});
    EXPECT_TRUE(at::equal(network->features(image_).stages.at(0),
                          at::conv2d(image_, other, {}, {2, 2}, {1, 1}).relu()));
  }
  network->to(at::kDouble);
  const at::Tensor exact = image_.to(at::kDouble);
  EXPECT_EQ(network->features(exact).stages.at(0).scalar_type(), at::kDouble);
}

TEST_F(TorchScript, KnowsTrainingFromEvaluation) {
  const at::NoGradGuard no_grad;
  const auto network = make_torch_script(
      script("def forward(self, x):\n  return torch.batch_norm(x, None, None, self.mean, self.var, "
             "self.training, 0.1, 1e-5, True)\n",
             {{}, {{"mean", at::ones({3})}, {"var", at::ones({3})}}}),
      kPictures);
  EXPECT_TRUE(network->is_training());
  EXPECT_NEAR(network->features(image_).stages.at(0).mean().item<double>(), 0, 1e-5);
  const auto state = nn::state_of(*network);
  EXPECT_FALSE(at::equal(state.at("mean"), at::ones({3})));  // the trial pass had changed nothing
  EXPECT_TRUE(at::allclose(state.at("mean"), 0.9 + 0.1 * image_.mean({0, 2, 3})));
  network->eval();
  const auto scaled =
      (image_ - state.at("mean").view({1, 3, 1, 1})) / (state.at("var").view({1, 3, 1, 1}) + 1e-5).sqrt();
  EXPECT_TRUE(at::allclose(network->features(image_).stages.at(0), scaled, 1e-4, 1e-5));
}

TEST_F(TorchScript, OneTensorOfTwoNamesStaysOne) {
  const at::NoGradGuard no_grad;
  const auto network =
      make_torch_script(script("def forward(self, x):\n  return x.mean([2, 3]) @ self.a @ self.b\n",
                               [] {
                                 const at::Tensor both = at::eye(3);
                                 return test::ScriptTensors{{{"a", both}, {"b", both}}};
                               }()),
                        kPictures);
  const auto state = nn::state_of(*network);
  ASSERT_EQ(state.size(), 1U);
  state.at("a").mul_(2);
  EXPECT_TRUE(at::allclose(network->features(image_).stages.at(0).flatten(1), 4 * image_.mean({2, 3})));
}

TEST_F(TorchScript, TakesWhatProgramsReturn) {
  const at::NoGradGuard no_grad;
  const auto features = [&](const std::string& returned, const ProgramOutputOptions& output = {}) {
    auto options =
        script("def forward(self, x):\n  small = torch.avg_pool2d(x, [4, 4])\n  return " + returned + "\n");
    options.output = output;
    return make_torch_script(options, kPictures)->features(image_);
  };
  const at::Tensor small = at::avg_pool2d(image_, {4, 4});
  for (const char* returned : {"(x, small)", "[x, small]", "{'fine': x, 'coarse': small}",
                               "(x, (small, 3), None)", "{'fine': [x], 'coarse': [small]}"}) {
    const Features found = features(returned);
    ASSERT_EQ(found.stages.size(), 2U) << returned;
    EXPECT_TRUE(at::equal(found.stages[0], image_) && at::equal(found.stages[1], small)) << returned;
  }
  const std::string dictionary = "{'coarse': small, 'logits': x.mean([2, 3]), 'fine': x}";
  const Features named = features(dictionary, {.output = {"fine", "coarse"}});
  EXPECT_TRUE(at::equal(named.stages.at(0), image_) && at::equal(named.stages.at(1), small));
  EXPECT_TRUE(at::equal(features("([x, small], x)", {.output = {"0.1"}}).stages.at(0), small));
  const Features vector = features("x.mean([2, 3])");
  EXPECT_EQ(vector.stages.at(0).sizes(), (std::vector<int64_t>{2, 3, 1, 1}));
  EXPECT_TRUE(at::equal(features("x.permute([0, 2, 3, 1])", {.channels_last = true}).stages.at(0), image_));

  const std::string tokens = "torch.cat([x.mean([2, 3]).unsqueeze(1), small.flatten(2).transpose(1, 2)], 1)";
  const Features of_tokens = features(tokens, {.prefix_tokens = 1});
  EXPECT_TRUE(at::equal(of_tokens.stages.at(0), small));  // [2, 3, 2, 3] of edges of 4
  EXPECT_TRUE(at::equal(of_tokens.prefix, image_.mean({2, 3}).unsqueeze(1)));
  const Features wide = features(tokens, {.prefix_tokens = 1, .grid = {1, 6}});
  EXPECT_TRUE(at::equal(wide.stages.at(0), small.flatten(2).unsqueeze(2)));
}

TEST_F(TorchScript, IsAnEncoderOfTheTable) {
  const at::NoGradGuard no_grad;
  auto options = script(
      "def features(self, x):\n  small = torch.avg_pool2d(x, [4, 4]).flatten(2).transpose(1, 2)\n"
      "  return torch.cat([x.mean([2, 3]).unsqueeze(1) * 2, small], 1)\n");
  options.method = "features";
  options.output.prefix_tokens = 1;
  options.encoder.pool = TokenPool::class_token;
  config::Choice choice = config::choose("torchscript", options);
  const auto encoder = (*image_encoders().find("torchscript"))(choice, kPictures);
  EXPECT_EQ(encoder->width(), 3);
  const at::Tensor present = at::ones({2}, at::kBool);
  EXPECT_TRUE(
      at::allclose(encoder->encode({image_, present, {}}).values.squeeze(1), 2 * image_.mean({2, 3})));
  EXPECT_EQ(encoder->program().size(), 32U);
  EXPECT_EQ(encoder->pretrained()->file, "module.pt");
  EXPECT_EQ(encoder->pretrained()->library, "TorchScript");
  EXPECT_EQ(*program_of(choice), options.file);
  config::Choice ours = config::choose("torchscript", options);
  ours.name = "resnet";
  EXPECT_EQ(program_of(ours), nullptr);
  const nn::SkipInit skip;
  EXPECT_FALSE((*image_encoders().find("torchscript"))(choice, kPictures)->pretrained());
}

TEST_F(TorchScript, SaysWhatItsWeightsWereMadeFor) {
  TorchScriptOptions options;
  options.file = folder_ / "module.pt";
  test::script_module(kConvolution, {{{"weight", weight_}}})
      .save(options.file.string(), {{"preprocessing", R"({"mean": [0.5]})"}});
  const auto from = make_torch_script(options, kPictures)->pretrained();
  EXPECT_EQ(from->metadata.at("preprocessing"), R"({"mean": [0.5]})");
}

TEST_F(TorchScript, ShowsNothingInside) {
  const auto network = make_torch_script(script(kConvolution, {{{"weight", weight_}}}), kPictures);
  const nn::Capture capture(*network);
  network->features(image_);
  EXPECT_THAT(message_of(core::Fault::usage, [&] { capture.activations("weight"); }),
              AllOf(HasSubstr("`weight` cannot be captured: it is the TorchScript module module.pt"),
                    HasSubstr("use an architecture of ours")));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { nn::require_seen_parameters(*network, "an adapter"); }),
              AllOf(HasSubstr("an adapter needs to see what every parameter does"),
                    HasSubstr("it is the TorchScript module module.pt, whose layers report nothing")));
}

TEST_F(TorchScript, OtherFilesAreRefusedByWhatTheyAre) {
  const std::string begin = "PK\x03\x04";
  core::write_file_atomic(folder_ / "module.pt", "weights");
  TorchScriptOptions options;
  options.file = folder_ / "module.pt";
  EXPECT_THAT(refused(options), HasSubstr("is no program of torch"));
  core::write_file_atomic(folder_ / "module.pt", begin + "weights");
  EXPECT_THAT(refused(options), HasSubstr("the archive is damaged"));
  EXPECT_THAT(refused(archive({{"data.pkl", "x"}, {"data/0", "x"}})),
              AllOf(HasSubstr("holds weights without a program"), HasSubstr("torch.jit.script")));
  EXPECT_THAT(refused(archive({{"archive_format", "pt2"}, {"models/model.json", "{}"}})),
              HasSubstr("is a program of torch.export"));
  EXPECT_THAT(refused(archive({{"archive_format", "pt2"}, {"data/aotinductor/model/a.so", "x"}})),
              AllOf(HasSubstr("native code (AOTInductor)"), HasSubstr("torch.jit.save")));
  EXPECT_THAT(refused(archive({{"something", "x"}})), HasSubstr("is no program of this version of torch"));
  EXPECT_THAT(refused(archive({{"code/a.py", ""}, {"constants.pkl", "x"}, {"data.pkl", "x"}})),
              HasSubstr("cannot be loaded: "));
  {
    const std::string zeros(size_t{280} << 20, '\0');
    caffe2::serialize::PyTorchStreamWriter writer(options.file.string());
    writer.writeRecord("zeros", zeros.data(), zeros.size(), /*compress=*/true);
    writer.writeEndOfFile();
  }
  EXPECT_THAT(refused(options), HasSubstr("unpacks to much more than its size"));
  std::filesystem::remove(folder_ / "module.pt");
  EXPECT_THAT(refused(options), HasSubstr("module.pt"));
  options.file.clear();
  EXPECT_THAT(message_of(core::Fault::usage, [&] { make_torch_script(options, kPictures); }),
              HasSubstr("`file` is missing"));
}

TEST_F(TorchScript, CodeThatReachesFilesIsRefusedBeforeItRuns) {
  const auto target = folder_ / "written";
  const std::string path = "\"" + target.string() + "\"";
  EXPECT_THAT(refused(script("def forward(self, x):\n  torch.save(x, " + path + ")\n  return x\n")),
              AllOf(HasSubstr("its code (code/"), HasSubstr("names `save`")));
  EXPECT_THAT(refused(script("def forward(self, x):\n  return torch.from_file(" + path + ", True, 4)\n")),
              HasSubstr("names `from_file`"));
  const auto of_code = [&](const std::string& code, const std::string& objects = "x") {
    return refused(archive({{"code/__torch__.py", code}, {"constants.pkl", "x"}, {"data.pkl", objects}}));
  };
  EXPECT_THAT(of_code("x = torch  .\\\n save(y)"), HasSubstr("names `save`"));
  EXPECT_THAT(of_code("x = getattr(torch, \"sa\\x76e\")(y)"), HasSubstr("names `getattr`"));
  EXPECT_THAT(of_code("x = ops.c10d.send(y)"), HasSubstr("names `ops.c10d`"));
  EXPECT_THAT(of_code("y = ops"), HasSubstr("names `ops.`"));
  EXPECT_THAT(of_code("rpc_sync(y)"), HasSubstr("names `rpc_sync`"));
  EXPECT_THAT(of_code("x : __torch__.torch.classes.c10d.Store"), HasSubstr("names `torch.classes`"));
  EXPECT_THAT(of_code("", "c__torch__.torch\nclasses.c10d.Store\n"), HasSubstr("names `torch.classes`"));
  // What torch itself writes: operators of the language, modules with such names, children with numbers.
  EXPECT_THAT(of_code("x = ops.prim.NumToTensor(getattr(self, \"0\"))\ny : __torch__.vision.ops.classes"),
              HasSubstr("cannot be loaded"));
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(TorchScript, WeightsAreFiniteFloats) {
  EXPECT_THAT(refused(script(kConvolution, {{{"weight", weight_.to(at::kHalf)}}})),
              AllOf(HasSubstr("`weight` is Half"), HasSubstr("module.float()")));
  EXPECT_THAT(
      refused(script(kConvolution, {{{"weight", weight_ * std::numeric_limits<float>::quiet_NaN()}}})),
      HasSubstr("weight"));
  EXPECT_THAT(
      refused(script("def forward(self, x):\n  self.count = self.count + 1\n  return x * self.count\n",
                     {{}, {{"count", at::zeros({1})}}})),
      AllOf(HasSubstr("replaces the tensor `count`"), HasSubstr("in place")));
}

TEST_F(TorchScript, ImagesThatItCannotTake) {
  const auto options = script(kConvolution, {{{"weight", weight_}}});
  EXPECT_THAT(refused(options, core::Fault::data, {.image = true, .channels = 1, .dims = 2, .size = {8, 12}}),
              AllOf(HasSubstr("the program fails on images [2, 1, 8, 12], Float, cpu: Given groups=1"),
                    HasSubstr("it runs on images with 3 channels")));
  EXPECT_THAT(
      refused(options, core::Fault::data, {.image = true, .channels = 3, .dims = 3, .size = {4, 8, 12}}),
      HasSubstr("save it for images of this size and number of channels"));
  const auto network = make_torch_script(options, kPictures);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           network->features(at::zeros({1, 4, 8, 12}));
                         }),
              HasSubstr("module.pt: the program fails on images [1, 4, 8, 12]"));
  const auto changing = make_torch_script(
      script("def forward(self, x):\n  if bool(x.sum() > 0):\n    return x[:, :2]\n  return x\n"), kPictures);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           changing->features(at::ones({1, 3, 8, 12}));
                         }),
              HasSubstr("other channels than those of its first images"));
}

TEST_F(TorchScript, OutputsThatAreNoFeatures) {
  const auto says = [&](const std::string& returned, const ProgramOutputOptions& output = {}) {
    auto options = script("def forward(self, x):\n  return " + returned + "\n");
    options.output = output;
    return refused(options, core::Fault::usage);
  };
  EXPECT_THAT(says("x.argmax(1)"), HasSubstr("returns no tensor of floating numbers"));
  EXPECT_THAT(says("{'a': x, 'b': x}", {.output = {"c"}}),
              HasSubstr("no output `c`; it has `a` [2, 3, 8, 12], `b` [2, 3, 8, 12]"));
  EXPECT_THAT(says("(torch.avg_pool2d(x, [2, 2]), x)"), HasSubstr("the stages are not finest first"));
  EXPECT_THAT(says("x.mean([0])"),
              AllOf(HasSubstr("the output `0` is [3, 8, 12]"), HasSubstr("[B, C, H, W]")));
  EXPECT_THAT(says("x.unsqueeze(2)"), HasSubstr("the output `0` is [2, 3, 1, 8, 12]"));
  EXPECT_THAT(says("x.flatten(2).transpose(1, 2)[:, :7]"),
              AllOf(HasSubstr("whose 7 places are no grid"), HasSubstr("`prefix_tokens` or `grid`")));
  EXPECT_THAT(says("x", {.prefix_tokens = 1}), HasSubstr("`prefix_tokens` is for outputs [B, N, C]"));
  TorchScriptOptions options = script(kConvolution, {{{"weight", weight_}}});
  options.method = "foward";
  EXPECT_THAT(refused(options, core::Fault::usage),
              AllOf(HasSubstr("no method `foward`"), HasSubstr("did you mean `forward`")));
  options.method = "forward";
  EXPECT_THAT(message_of(core::Fault::usage, [&] { make_torch_script(options, kPictures, 2); }),
              HasSubstr("built without a classifier"));
}

}  // namespace
}  // namespace photo51::backbones
