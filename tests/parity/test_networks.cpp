/// Each network beside its peer: the peer's weights load unchanged and give its output and gradients, and
/// ours load into the peer. The peers' half of a row stands in networks.py.

#include <ATen/Parallel.h>
#include <torch/nn/module.h>

#include <functional>
#include <limits>
#include <memory>
#include <ostream>

#include "parity/peer.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/efficientnet_lite.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

struct NetworkRow {
  std::string name;     ///< as in networks.py
  std::string library;  ///< of one of the network's dialects
  InputShape shape;     ///< of what our weights are tried on
  std::function<std::shared_ptr<Backbone>(const InputShape&, int64_t classes)> make;

  friend void PrintTo(const NetworkRow& row, std::ostream* out) { *out << row.name; }
};

const InputShape kPicture{.channels = 3, .dims = 2, .size = {32, 32}};
const InputShape kVolume{.channels = 2, .dims = 3, .size = {16, 32, 32}};

template <class Options, class Make>
NetworkRow row(const std::string& name, const std::string& library, const InputShape& shape, Make make,
               const Options& options) {
  return {name, library, shape,
          [=](const InputShape& of, int64_t classes) { return make(options, of, classes); }};
}

ResNetOptions resnet(int64_t depth) {
  ResNetOptions options;
  options.depth = depth;
  return options;
}

ResNetOptions monai_resnet(int64_t depth) {
  ResNetOptions options = resnet(depth);
  options.stem_stride = 1;
  options.downsample_bias = true;
  return options;
}

EfficientNetLiteOptions tensorflow_efficientnet() {
  EfficientNetLiteOptions options;
  options.padding = ConvPadding::same;
  options.norm_epsilon = 1e-3;
  return options;
}

const VitOptions kVit{.patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .mlp_dim = 48};

const std::vector<NetworkRow> kNetworks{
    row("torchvision_resnet18", "torchvision", kPicture, make_resnet, resnet(18)),
    row("torchvision_resnet34", "torchvision", kPicture, make_resnet, resnet(34)),
    row("torchvision_resnet50", "torchvision", kPicture, make_resnet, resnet(50)),
    row("timm_resnet18", "timm", kPicture, make_resnet, resnet(18)),
    row("monai_resnet18", "MONAI", kVolume, make_resnet, monai_resnet(18)),
    row("monai_resnet50", "MONAI", kVolume, make_resnet, monai_resnet(50)),
    row("torchvision_vit", "torchvision", kPicture, make_vit, kVit),
    row("torchvision_0_12_vit", "torchvision 0.12", kPicture, make_vit, kVit),
    row("timm_vit", "timm", kPicture, make_vit, kVit),
    row("timm_efficientnet_lite0", "timm", kPicture, make_efficientnet_lite0, EfficientNetLiteOptions{}),
    row("timm_tf_efficientnet_lite0", "timm", kPicture, make_efficientnet_lite0, tensorflow_efficientnet())};

constexpr int64_t kClasses = 7;

nn::Dialect dialect_of(const Backbone& network, const std::string& library) {
  for (const nn::Dialect& dialect : network.dialects())
    if (dialect.library == library) return dialect;
  ADD_FAILURE() << "the network has no dialect of " << library;
  return {};
}

/// max |a - b| / max |b|; where all of b is 0 not a number, which is near nothing.
double deviation(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return std::numeric_limits<double>::infinity();
  return ((ours - theirs).abs().max() / theirs.abs().max()).item<double>();
}

constexpr double kExact = 1e-9;  ///< deviation in double precision

/// While it lives: in double precision convolutions of many groups are as many small ones, where threads wait
/// for each other.
struct OneThread {
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  const int before = at::get_num_threads();
};

class Networks : public test::PeerSuite<Networks, testing::TestWithParam<NetworkRow>> {
 public:
  static constexpr const char* kScript = "networks.py";

 protected:
  testing::AssertionResult ask(const std::string& command) const {
    return peer_->ask({command, GetParam().name, folder_.path().string()});
  }
  nn::Tensors read(const std::string& name) const { return nn::read_safetensors(folder_ / name).tensors; }
  static std::shared_ptr<Backbone> make(int64_t classes = kClasses) {
    return GetParam().make(GetParam().shape, classes);
  }

  test::TemporaryFolder folder_;
};

TEST_P(Networks, TakeThePeersWeightsAndGiveItsOutput) {
  ASSERT_TRUE(ask("export"));
  const nn::Tensors values = read("values.safetensors");
  const auto network = make();
  const nn::Dialect dialect = dialect_of(*network, GetParam().library);
  const auto translated = [&](const std::string& name) {
    return nn::translate(read(name), dialect, name, nn::Classifier::kept);
  };
  nn::load_state(*network, translated("weights.safetensors"), "the peer");  // strict: every name and shape
  network->eval();
  {
    const at::NoGradGuard no_grad;
    const at::Tensor output = network->logits(values.at("input")), expected = values.at("output");
    EXPECT_TRUE(at::allclose(output, expected, 1e-3, 1e-4)) << (output - expected).abs().max().item<double>();
  }

  const OneThread one_thread;
  network->to(at::kDouble);
  const at::Tensor image = values.at("input").to(at::kDouble).requires_grad_();
  const at::Tensor output = network->logits(image);
  (output * values.at("probe")).sum().backward();
  EXPECT_LE(deviation(output, values.at("exact_output")), kExact);
  EXPECT_LE(deviation(image.grad(), values.at("input_gradient")), kExact);
  const nn::Tensors gradients = translated("gradients.safetensors");
  const auto parameters = network->named_parameters();
  EXPECT_EQ(gradients.size(), parameters.size());
  for (const auto& parameter : parameters) {
    ASSERT_TRUE(gradients.contains(parameter.key())) << parameter.key();
    EXPECT_LE(deviation(parameter.value().grad(), gradients.at(parameter.key())), kExact) << parameter.key();
  }
}

/// As an encoder does, which knows only that the file is of one of the libraries.
TEST_P(Networks, StartFromThePeersFile) {
  ASSERT_TRUE(ask("weights"));
  const auto encoder = make(0);
  nn::load_pretrained(*encoder, folder_ / "weights.safetensors", encoder->dialects());
  const nn::Dialect dialect = dialect_of(*encoder, GetParam().library);
  const nn::Tensors given = nn::translate(read("weights.safetensors"), dialect, "the peer");
  for (const auto& [name, values] : nn::state_of(*encoder))
    EXPECT_TRUE(at::equal(values, given.at(name))) << name;
}

TEST_P(Networks, GiveWeightsThatThePeerTakes) {
  at::manual_seed(2);
  const auto network = make();
  network->eval();
  const at::NoGradGuard no_grad;
  std::vector<int64_t> sizes{GetParam().shape.dims == 3 ? 1 : 2, GetParam().shape.channels};
  sizes.insert(sizes.end(), GetParam().shape.size.begin(), GetParam().shape.size.end());
  const at::Tensor image = at::randn(sizes);
  nn::write_safetensors(folder_ / "weights.safetensors",
                        nn::translate_back(nn::state_of(*network), dialect_of(*network, GetParam().library)));
  nn::write_safetensors(folder_ / "values.safetensors",
                        {{"input", image}, {"output", network->logits(image)}});
  EXPECT_TRUE(ask("check"));
}

INSTANTIATE_TEST_SUITE_P(Peers, Networks, ::testing::ValuesIn(kNetworks),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace photo51::backbones
