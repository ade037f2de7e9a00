/// Pools of bags beside the formulas of their papers, written out in bags.py one bag after the other: the
/// ragged batch gives the same tokens, attention, losses of labels and gradients.

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <string>
#include <vector>

#include "parity/peer.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/core/random.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

/// As in bags.py.
const std::vector<int64_t> bag_lengths{1, 3, 7, 12};
constexpr int64_t instance_width = 6;
constexpr uint64_t seed_of_parts = 5;

at::Tensor labels_of(int64_t classes) {
  return classes == 2 ? at::tensor({1, -1, 0, 1}, at::kLong) : at::tensor({2, -1, 0, 1}, at::kLong);
}

/// The instances of each bag in the order in which a training dtfd splits them.
std::string orders_of_parts() {
  at::manual_seed(seed_of_parts);
  const auto key = static_cast<uint64_t>(at::randint(int64_t{1} << 62, {1}, at::kLong).item<int64_t>());
  std::string text;
  for (size_t bag = 0; bag < bag_lengths.size(); ++bag) {
    core::Random random({core::hash_key("pseudo_bags"), key, static_cast<uint64_t>(bag)});
    std::string of_bag;
    for (const int64_t place : random.permutation(bag_lengths[bag]))
      of_bag += (of_bag.empty() ? "" : ",") + std::to_string(place);
    text += (bag == 0 ? "" : ";") + of_bag;
  }
  return text;
}

struct PoolRow {
  std::string name;  ///< as in bags.py
  config::Choice pool;
  int64_t classes = 2;
};

std::vector<PoolRow> pool_rows() {
  const auto clam = [](ClamInstanceLoss loss, bool subtyping) {
    return ClamOptions{.embed_dim = 4,
                       .hidden = 3,
                       .dropout = 0,
                       .k_sample = 2,
                       .instance_loss = loss,
                       .instance_loss_weight = 1,
                       .subtyping = subtyping,
                       .head = "idh"};
  };
  const auto dtfd = [](DtfdDistillation kind) {
    return DtfdOptions{.embed_dim = 4, .hidden = 3, .pseudo_bags = 2, .distillation = kind, .head = ""};
  };
  using config::choose;
  return {
      {"mi_net_instance", choose("mi_net", MiNetOptions{.hidden = {5, 4}}), 3},
      {"mi_net_embedding", choose("mi_net", MiNetOptions{.level = MiNetLevel::embedding, .hidden = {5, 4}})},
      {"abmil", choose("abmil", AbmilOptions{.hidden = 4})},
      {"gated_abmil", choose("gated_abmil", AbmilOptions{.embed_dim = 5, .hidden = 4})},
      {"clam_sb", choose("clam_sb", clam(ClamInstanceLoss::svm, false))},
      {"clam_sb_subtyping", choose("clam_sb", clam(ClamInstanceLoss::cross_entropy, true)), 3},
      {"clam_mb", choose("clam_mb", clam(ClamInstanceLoss::svm, true)), 3},
      {"dsmil", choose("dsmil", DsmilOptions{.hidden = 4, .head = ""})},
      {"dsmil_passing_v", choose("dsmil", DsmilOptions{.hidden = 4, .passing_v = true, .head = ""}), 3},
      {"transmil",
       choose("transmil", TransmilOptions{.embed_dim = 4, .heads = 2, .num_landmarks = 2, .dropout = 0})},
      {"dtfd_afs", choose("dtfd", dtfd(DtfdDistillation::afs))},
      {"dtfd_maxs", choose("dtfd", dtfd(DtfdDistillation::maxs))},
      {"dtfd_maxmins", choose("dtfd", dtfd(DtfdDistillation::maxmins)), 3},
      {"transformer", choose("transformer", TransformerPoolOptions{.embed_dim = 4, .depth = 2, .heads = 2})},
  };
}

class BagPools : public test::PeerSuite<BagPools> {
 public:
  static constexpr const char* kScript = "bags.py";
};

void expect_near(const at::Tensor& ours, const at::Tensor& theirs, const std::string& what) {
  ASSERT_EQ(ours.sizes(), theirs.sizes()) << what;
  EXPECT_LE((ours - theirs).abs().max().item<double>(),
            1e-9 * std::max(1e-3, theirs.abs().max().item<double>()))
      << what;
}

TEST_F(BagPools, AreTheFormulasOfTheirPapers) {
  const test::TemporaryFolder folder;
  const std::string orders = orders_of_parts();
  for (const PoolRow& row : pool_rows()) {
    SCOPED_TRACE(row.name);
    ASSERT_TRUE(peer_->ask({row.name, folder.path().string(), orders}));
    BagPoolOptions options;
    options.pool = row.pool;
    const auto pool = make_bag_pool(options, instance_width, 1, {{"idh", row.classes}});
    pool->to(at::kDouble);
    nn::load_weights(*pool, folder / "weights.safetensors");  // strict: every name and shape
    const nn::Tensors values = nn::read_safetensors(folder / "values.safetensors").tensors;
    const at::Tensor features = values.at("features").clone().requires_grad_();
    at::manual_seed(seed_of_parts);
    const auto found =
        pool->forward(features, at::tensor(bag_lengths, at::kLong), at::zeros({features.size(0)}, at::kLong),
                      pool->label().empty() ? at::Tensor() : labels_of(row.classes));
    expect_near(found.values.squeeze(1).detach(), values.at("values"), "values");
    ASSERT_EQ(found.attention.defined(), values.contains("attention"));
    if (found.attention.defined()) expect_near(found.attention.detach(), values.at("attention"), "attention");
    at::Tensor total = (found.values.squeeze(1) * values.at("probe")).sum();
    for (const auto& [name, loss] : found.losses) {
      expect_near(loss.value.detach(), values.at("loss." + name).squeeze(), name);
      total = total + loss.value;
    }
    EXPECT_EQ(found.losses.size(),
              static_cast<size_t>(std::count_if(values.begin(), values.end(),
                                                [](auto& of) { return of.first.starts_with("loss."); })));
    total.backward();
    expect_near(features.grad(), values.at("gradient"), "gradient by the features");
    const nn::Tensors gradients = nn::read_safetensors(folder / "gradients.safetensors").tensors;
    for (const auto& parameter : pool->named_parameters()) {
      const at::Tensor& gradient = parameter.value().grad();
      expect_near(gradient.defined() ? gradient : at::zeros_like(parameter.value()),
                  gradients.at(parameter.key()), "gradient by " + parameter.key());
    }
  }
}

}  // namespace
}  // namespace photo51::backbones
