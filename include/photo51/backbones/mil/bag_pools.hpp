#pragma once
/// What makes tokens of the instances of a bag, by the name that `bag_pool` gives.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/backbones/input_shape.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

class BagPool;

/// What a pool is built for.
struct BagShape {
  int64_t width = 0;  ///< of the instances
  int64_t views = 1;
  bool view_embedding = false;
  std::vector<LabelShape> labels = {};  ///< of the heads with classes
};

/// Generated bags that show whether a trained pool keeps to the multiple-instance assumption (Raff and Holt,
/// Reproducibility in multiple instance learning: a case for algorithmic unit tests, NeurIPS 2023; arXiv
/// 2310.17867): in training something else tells the classes apart as well, which later says nothing or the
/// opposite. single_concept: an instance of either positive kind makes a bag positive, a poison its training
/// negatives. multi_concept: it takes both kinds, and the poison is there again. false_frequency: it takes
/// both kinds, and later negative bags have very many of one.
enum class MilTest { single_concept, multi_concept, false_frequency };
std::span<const std::string_view> enum_names(MilTest);

/// What `photo51 describe bag_pools` says of a pool.
struct BagPoolFacts {
  std::string source;  ///< the paper; empty: there is none
  /// The tests that it passes with a linear head, as tests/backbones/mil/test_mil_assumption.cpp trains it.
  std::vector<MilTest> passes = {};
  struct Variant {
    std::string option;  ///< "level=embedding"
    std::vector<MilTest> passes;
  };
  std::vector<Variant> variants = {};  ///< the same of other choices of its options
  bool attention = false;              ///< whether it says the weight of each instance (BagPool::Pooled)
};

struct BuildBagPool {
  std::shared_ptr<BagPool> (*build)(const config::Choice& choice, const BagShape& shape);
  BagPoolFacts facts = {};
};
using BagPoolRow = config::Catalogue<BuildBagPool>::Row;
/// mean, max, mi_net, abmil, gated_abmil, clam_sb, clam_mb, dsmil, transmil, dtfd, transformer, none.
config::Catalogue<BuildBagPool>& bag_pools();
/// Those that say the weight of each instance, in the table's order.
std::vector<std::string> pools_with_attention();
/// The one that the options name. Errors (usage): there is none of this name; as of the pool.
std::shared_ptr<BagPool> make_bag_pool(const BagPoolOptions& options, int64_t width, int64_t views,
                                       const std::vector<LabelShape>& labels = {});

/// The row of a pool that is made of a BagShape, and of its Options where it has some.
template <class Pool>
BagPoolRow bag_pool_row(std::string name, std::string help, BagPoolFacts facts = {}) {
  const auto build = [](const config::Choice&, const BagShape& shape) -> std::shared_ptr<BagPool> {
    return std::make_shared<Pool>(shape);
  };
  return {config::component(std::move(name), std::move(help)), {build, std::move(facts)}};
}
template <class Pool, class Options>
BagPoolRow bag_pool_row(std::string name, std::string help, BagPoolFacts facts = {}) {
  const auto build = [](const config::Choice& choice, const BagShape& shape) -> std::shared_ptr<BagPool> {
    return std::make_shared<Pool>(choice.as<Options>(), shape);
  };
  return {config::component<Options>(std::move(name), std::move(help)), {build, std::move(facts)}};
}

}  // namespace photo51::backbones
