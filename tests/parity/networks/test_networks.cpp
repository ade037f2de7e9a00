#include <ATen/Parallel.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <set>

#include "parity/networks/networks.hpp"
#include "photo51/nn/init.hpp"
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

void compare_outputs(Backbone& network, const nn::Tensors& values, const nn::Tensors& gradients) {
  {
    const at::NoGradGuard no_grad;
    EXPECT_LE(deviation(network.logits(values.at("input")), values.at("output")), kSingle);
  }
  network.to(at::kDouble);
  const at::Tensor image = values.at("input").to(at::kDouble).requires_grad_();
  const at::Tensor output = network.logits(image);
  (output * values.at("probe")).sum().backward();
  EXPECT_LE(deviation(output, values.at("exact_output")), kExact);
  EXPECT_LE(deviation(image.grad(), values.at("input_gradient")), kExact);
  if (values.contains("stage0")) {
    const at::NoGradGuard no_grad;
    const auto stages = network.features(image).stages;
    for (size_t i = 0; i < stages.size(); ++i)
      EXPECT_LE(deviation(stages[i], values.at("stage" + std::to_string(i))), kExact) << "stage " << i;
    EXPECT_FALSE(values.contains("stage" + std::to_string(stages.size())));
  }
  const auto parameters = network.named_parameters();
  EXPECT_EQ(gradients.size(), parameters.size());
  double largest = 0;
  for (const auto& [name, gradient] : gradients) largest = std::max(largest, largest_of(gradient));
  for (const auto& parameter : parameters) {
    ASSERT_TRUE(gradients.contains(parameter.key())) << parameter.key();
    const at::Tensor &ours = parameter.value().grad(), &theirs = gradients.at(parameter.key());
    ASSERT_TRUE(ours.defined()) << parameter.key();
    // Some are 0 but for rounding: of a bias in front of a norm of its channel, of what all products with a
    // query have in common.
    if (std::max(largest_of(ours), largest_of(theirs)) <= kRounding * largest) continue;
    EXPECT_LE(deviation(ours, theirs), kExact) << parameter.key();
  }
}

/// As an encoder does, which knows only that the file is of one of the libraries.
void compare_start(Backbone& encoder, const std::filesystem::path& file, const nn::Tensors& given) {
  nn::load_pretrained(encoder, file, encoder.dialects());
  for (const auto& [name, values] : nn::state_of(encoder))
    EXPECT_TRUE(at::equal(values, given.at(name))) << name;
}

/// For the peer to take: the weights by its names, and what the network makes of them and of another image.
void give_back(Backbone& network, const nn::Dialect& dialect, const InputShape& shape,
               const std::filesystem::path& folder) {
  const at::NoGradGuard no_grad;
  at::manual_seed(2);
  std::vector<int64_t> sizes{shape.dims == 3 ? 1 : 2, shape.channels};
  sizes.insert(sizes.end(), shape.size.begin(), shape.size.end());
  const at::Tensor image = at::randn(sizes);
  nn::write_safetensors(folder / "weights.safetensors", nn::translate_back(nn::state_of(network), dialect));
  nn::write_safetensors(folder / "values.safetensors", {{"input", image}, {"output", network.logits(image)}});
}

TEST_P(Networks, AgreeWithTheirPeers) {
  const OneThread one_thread;
  const nn::SkipInit skip;  // all weights come from files
  ASSERT_TRUE(ask("export"));
  const NetworkRow& row = GetParam();
  const nn::Tensors given = read("weights.safetensors"), values = read("values.safetensors");
  const auto network = row.make(row.shape, kClasses), encoder = row.make(row.shape, 0);
  const nn::Dialect dialect = dialect_of(*network, row.library);
  compare_start(*encoder, folder_ / "weights.safetensors", nn::translate(given, dialect, "the peer"));

  const auto translated = [&](const nn::Tensors& theirs) {
    return nn::translate(theirs, dialect, "the peer", nn::Classifier::kept);
  };
  const nn::Tensors gradients = translated(read("gradients.safetensors"));
  nn::load_state(*network, translated(given), "the peer");  // strict: every name and shape
  network->eval();
  give_back(*network, dialect, row.shape, folder_.path());
  EXPECT_TRUE(ask("check"));
  compare_outputs(*network, values, gradients);
}

/// A network of the peers without a row here is a comparison that does not take place.
TEST(NetworkRows, AreThoseOfThePeers) {
  if (!test::Peer::is_there()) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  const test::TemporaryFolder folder;
  ASSERT_TRUE(test::Peer(Networks::kScript).ask({"names", (folder / "names").string()}));
  std::set<std::string> theirs, ours;
  std::ifstream names(folder / "names");
  for (std::string name; std::getline(names, name);) theirs.insert(name);
  for (const NetworkRow& row : network_rows())
    EXPECT_TRUE(ours.insert(row.name).second) << row.name << " is there twice";
  EXPECT_EQ(ours, theirs);
}

/// An encoder is beside a peer's network, or there is none.
TEST(NetworkRows, AreOfEveryEncoder) {
  std::map<std::string, std::string> without{
      {"conv_net", "is of this project alone; tests/backbones/cnn holds known answers"},
      {"torchscript", "runs a program of any network: tests/parity/test_programs.cpp"},
      {"exported", "runs a program of any network: tests/parity/test_programs.cpp"}};
  std::set<std::string> with;
  for (const NetworkRow& row : network_rows()) with.insert(row.encoder);
  for (const auto& component : image_encoders().components())
    EXPECT_NE(with.contains(component.name), without.erase(component.name) > 0)
        << component.name << " needs either a row beside a peer or a reason why it has none";
  for (const auto& [encoder, reason] : without) ADD_FAILURE() << "no encoder: " << encoder << " " << reason;
}

TEST(ComparedNetworks, AreThoseThatTheRowsOfEncodersName) {
  Compared compared;
  for (const NetworkRow& row : network_rows()) add_comparison(compared, row.encoder, row.library);
  EXPECT_EQ(compared, said_to_be_compared());
}

}  // namespace
}  // namespace photo51::backbones
