#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <map>

#include "parity/networks/networks.hpp"
#include "photo51/nn/weights/dialect.hpp"

namespace photo51::backbones {

std::vector<NetworkRow>& network_rows() {
  static std::vector<NetworkRow> rows;
  return rows;
}

std::vector<NetworkRow> registered(std::vector<NetworkRow> rows) {
  network_rows().insert(network_rows().end(), rows.begin(), rows.end());
  return rows;
}

namespace {

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

double largest_of(const at::Tensor& values) {
  return values.abs().max().item<double>();
}

constexpr double kExact = 1e-9;      ///< deviation in double precision
constexpr double kSingle = 1e-4;     ///< and in single precision
constexpr double kRounding = 1e-12;  ///< of the largest gradient: what the sums behind it leave of a 0

/// While it lives: in double precision convolutions of many groups are as many small ones, where threads wait
/// for each other.
struct OneThread {
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  const int before = at::get_num_threads();
};

std::shared_ptr<Backbone> make(const NetworkRow& row, int64_t classes = kClasses) {
  return row.make(row.shape, classes);
}

TEST_P(Networks, TakeThePeersWeightsAndGiveItsOutput) {
  ASSERT_TRUE(ask("export"));
  const nn::Tensors values = read("values.safetensors");
  const auto network = make(GetParam());
  const nn::Dialect dialect = dialect_of(*network, GetParam().library);
  const auto translated = [&](const std::string& name) {
    return nn::translate(read(name), dialect, name, nn::Classifier::kept);
  };
  nn::load_state(*network, translated("weights.safetensors"), "the peer");  // strict: every name and shape
  network->eval();
  {
    const at::NoGradGuard no_grad;
    const at::Tensor output = network->logits(values.at("input")), expected = values.at("output");
    EXPECT_LE(deviation(output, expected), kSingle);
  }

  const OneThread one_thread;
  network->to(at::kDouble);
  const at::Tensor image = values.at("input").to(at::kDouble).requires_grad_();
  const at::Tensor output = network->logits(image);
  (output * values.at("probe")).sum().backward();
  EXPECT_LE(deviation(output, values.at("exact_output")), kExact);
  EXPECT_LE(deviation(image.grad(), values.at("input_gradient")), kExact);
  if (values.contains("stage0")) {
    const auto stages = network->features(image).stages;
    for (size_t i = 0; i < stages.size(); ++i)
      EXPECT_LE(deviation(stages[i], values.at("stage" + std::to_string(i))), kExact) << "stage " << i;
    EXPECT_FALSE(values.contains("stage" + std::to_string(stages.size())));
  }
  const nn::Tensors gradients = translated("gradients.safetensors");
  const auto parameters = network->named_parameters();
  EXPECT_EQ(gradients.size(), parameters.size());
  double largest = 0;
  for (const auto& [name, gradient] : gradients) largest = std::max(largest, largest_of(gradient));
  for (const auto& parameter : parameters) {
    ASSERT_TRUE(gradients.contains(parameter.key())) << parameter.key();
    // That of a bias in front of a norm of its channel is 0 but for rounding.
    if (std::max(largest_of(parameter.value().grad()), largest_of(gradients.at(parameter.key()))) <=
        kRounding * largest)
      continue;
    EXPECT_LE(deviation(parameter.value().grad(), gradients.at(parameter.key())), kExact) << parameter.key();
  }
}

/// As an encoder does, which knows only that the file is of one of the libraries.
TEST_P(Networks, StartFromThePeersFile) {
  ASSERT_TRUE(ask("weights"));
  const auto encoder = make(GetParam(), 0);
  nn::load_pretrained(*encoder, folder_ / "weights.safetensors", encoder->dialects());
  const nn::Dialect dialect = dialect_of(*encoder, GetParam().library);
  const nn::Tensors given = nn::translate(read("weights.safetensors"), dialect, "the peer");
  for (const auto& [name, values] : nn::state_of(*encoder))
    EXPECT_TRUE(at::equal(values, given.at(name))) << name;
}

TEST_P(Networks, GiveWeightsThatThePeerTakes) {
  at::manual_seed(2);
  const auto network = make(GetParam());
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

TEST(ComparedNetworks, AreThoseThatTheRowsOfEncodersName) {
  Compared compared;
  for (const NetworkRow& row : network_rows()) add_comparison(compared, row.encoder, row.library);
  EXPECT_EQ(compared, said_to_be_compared());
}

}  // namespace
}  // namespace photo51::backbones
