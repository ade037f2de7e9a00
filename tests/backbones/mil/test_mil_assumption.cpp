/// Which pools keep to the multiple-instance assumption: the generated bags of Raff and Holt (NeurIPS 2023),
/// whose training part can also be told apart by something that says the opposite in the test part. A pool
/// passes where its area under the curve of the test part, mean of the seeds, is above one half.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/config/enums.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {
namespace {

constexpr int64_t dimensions = 8;

at::Tensor normal(int64_t count, double mean, double deviation) {
  return at::randn({count, dimensions}) * deviation + mean;
}

int64_t whole(int64_t low, int64_t high) {  // below `high`
  return at::randint(low, high, {1}, at::kLong).item<int64_t>();
}

at::Tensor poison() {
  return normal(1, -10, 0.1);
}
at::Tensor concept_of(int64_t kind, int64_t count) {
  return normal(count, kind == 0 ? 2 : 3, 0.1);
}

/// Algorithms 1 to 3 of the paper.
at::Tensor bag_of(MilTest test, bool positive, bool training) {
  std::vector<at::Tensor> parts;
  const bool poisoned = positive != training;
  switch (test) {
    case MilTest::single_concept:
      if (poisoned) parts.push_back(poison());
      if (positive)
        for (int64_t more = whole(1, 4); more > 0; --more)
          parts.push_back(whole(0, 2) == 0 ? normal(1, 0, 3) : normal(1, 1, 1));
      parts.push_back(normal(10, 0, 1));
      break;
    case MilTest::multi_concept: {
      if (poisoned) parts.push_back(poison());
      const int64_t count = positive ? whole(1, 4) : 1, kind = whole(0, 2);
      parts.push_back(concept_of(kind, count));
      if (positive) parts.push_back(concept_of(1 - kind, count));
      parts.push_back(normal(whole(1, 10), 0, 1));
      break;
    }
    case MilTest::false_frequency:
      parts.push_back(concept_of(0, positive || training ? 1 : whole(35, 45)));
      if (positive) parts.push_back(concept_of(1, 1));
      parts.push_back(normal(whole(1, 10), 0, 1));
      break;
  }
  return at::cat(parts);
}

struct Cohort {
  at::Tensor features, lengths, classes;
};

Cohort cohort_of(MilTest test, bool training, int64_t bags) {
  std::vector<at::Tensor> features;
  std::vector<int64_t> lengths, classes;
  for (int64_t bag = 0; bag < bags; ++bag) {
    features.push_back(bag_of(test, bag % 2 == 1, training));
    lengths.push_back(features.back().size(0));
    classes.push_back(bag % 2);
  }
  return {at::cat(features), at::tensor(lengths, at::kLong), at::tensor(classes, at::kLong)};
}

/// Odd bags are positive.
double area_under_curve(const at::Tensor& scores) {
  const at::Tensor pairs = scores.view({-1, 2});
  const at::Tensor difference = pairs.select(1, 1).unsqueeze(1) - pairs.select(1, 0).unsqueeze(0);
  return (difference.gt(0).to(at::kDouble) + 0.5 * difference.eq(0).to(at::kDouble)).mean().item<double>();
}

/// `option` is that of BagPoolFacts::Variant; empty: the defaults.
config::Choice pool_to_train(const std::string& name, const std::string& option) {
  if (option == "level=embedding")
    return config::choose(name, MiNetOptions{.level = MiNetLevel::embedding, .hidden = {16, 16}});
  if (option == "distillation=maxs pseudo_bags=1 k_sample=2")
    return config::choose(name, DtfdOptions{.embed_dim = 16,
                                            .hidden = 16,
                                            .pseudo_bags = 1,
                                            .distillation = DtfdDistillation::maxs,
                                            .k_sample = 2});
  if (!option.empty()) throw std::invalid_argument("pool_to_train lacks `" + option + "`");
  if (name == "mi_net") return config::choose(name, MiNetOptions{.hidden = {16, 16}});
  if (name == "abmil" || name == "gated_abmil")
    return config::choose(name, AbmilOptions{.embed_dim = 16, .hidden = 16});
  if (name == "clam_sb" || name == "clam_mb")
    return config::choose(
        name, ClamOptions{.embed_dim = 16, .hidden = 16, .dropout = 0, .k_sample = 2, .head = {}});
  if (name == "dsmil") return config::choose(name, DsmilOptions{.hidden = 16, .head = {}});
  if (name == "transmil")
    return config::choose(
        name,
        TransmilOptions{.embed_dim = 16, .heads = 2, .num_landmarks = 4, .pinv_iterations = 3, .dropout = 0});
  if (name == "dtfd")
    return config::choose(name, DtfdOptions{.embed_dim = 16, .hidden = 16, .pseudo_bags = 3, .head = {}});
  if (name == "transformer")
    return config::choose(name, TransformerPoolOptions{.embed_dim = 16, .depth = 1, .heads = 2});
  return config::choose(name);
}

struct Areas {
  double training, test;
};

/// The pool and a linear head, Adam, minibatches of 16 bags.
Areas areas_of(const config::Choice& choice, MilTest test, uint64_t seed) {
  at::manual_seed(seed);
  const Cohort training = cohort_of(test, true, 96), later = cohort_of(test, false, 64);
  const auto pool = test::bag_pool(choice, dimensions, test::one_head);
  const auto head = std::make_shared<nn::Linear>(pool->width(), 1);
  std::vector<at::Tensor> parameters = pool->parameters();
  for (const auto& parameter : head->parameters()) parameters.push_back(parameter);
  std::vector<at::Tensor> first, second;
  for (const auto& parameter : parameters) {
    first.push_back(at::zeros_like(parameter).detach());
    second.push_back(first.back().clone());
  }
  const auto forward = [&](const Cohort& cohort) {
    return pool->forward(cohort.features, cohort.lengths, test::first_view(cohort.features.size(0)),
                         pool->label().empty() ? at::Tensor() : cohort.classes);
  };
  const auto logits = [&](const BagPool::Pooled& pooled) { return head->forward(pooled.values).view({-1}); };
  const at::Tensor ends = training.lengths.cumsum(0);
  constexpr int64_t bags_a_step = 16, epochs = 20;
  int64_t step = 0;
  for (int64_t epoch = 0; epoch < epochs; ++epoch)
    for (int64_t begin = 0; begin < training.lengths.size(0); begin += bags_a_step) {
      const int64_t from = begin == 0 ? 0 : ends[begin - 1].item<int64_t>();
      const Cohort part{training.features.slice(0, from, ends[begin + bags_a_step - 1].item<int64_t>()),
                        training.lengths.narrow(0, begin, bags_a_step),
                        training.classes.narrow(0, begin, bags_a_step)};
      const auto pooled = forward(part);
      at::Tensor loss = at::binary_cross_entropy_with_logits(logits(pooled), part.classes.to(at::kFloat));
      for (const auto& [of, more] : pooled.losses) loss = loss + more.value * more.weight;
      loss.backward();
      const at::NoGradGuard no_grad;
      ++step;
      for (size_t i = 0; i < parameters.size(); ++i) {
        at::Tensor& gradient = parameters[i].mutable_grad();
        if (!gradient.defined()) continue;
        first[i].mul_(0.9).add_(gradient, 0.1);
        second[i].mul_(0.999).addcmul_(gradient, gradient, 0.001);
        const double rate = 0.01 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
        parameters[i].addcdiv_(first[i], second[i].sqrt().add_(1e-8), -rate);
        gradient.zero_();
      }
    }
  pool->eval();
  const at::NoGradGuard no_grad;
  return {area_under_curve(logits(forward(training))), area_under_curve(logits(forward(later)))};
}

struct Trained {
  std::string pool, option;
  std::vector<MilTest> passes;  ///< as its row says
  friend void PrintTo(const Trained& of, std::ostream* out) { *out << of.pool << " " << of.option; }
};

/// Its operations are too small to share among threads.
class MilAssumption : public testing::TestWithParam<Trained> {
 protected:
  MilAssumption() : threads_before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~MilAssumption() override { at::set_num_threads(threads_before_); }

 private:
  int threads_before_;
};

TEST_P(MilAssumption, TheTableSaysWhichTestsArePassed) {
  const auto& [pool, option, passes] = GetParam();
  std::vector<MilTest> passed;
  std::string said;
  for (const MilTest test : {MilTest::single_concept, MilTest::multi_concept, MilTest::false_frequency}) {
    // Its convolutions are compiled anew for each size of a bag, which takes a minute a seed.
    const uint64_t seeds = pool == "transmil" ? 1 : 2;
    double sum = 0;
    said += std::string(config::name_of(test)) + ":";
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      const Areas areas = areas_of(pool_to_train(pool, option), test, seed);
      sum += areas.test;
      said += " " + core::format_fixed(areas.training, 2) + " -> " + core::format_fixed(areas.test, 2);
    }
    said += "\n";
    if (sum / static_cast<double>(seeds) > 0.5) passed.push_back(test);
  }
  EXPECT_EQ(passed, passes) << said;
  RecordProperty("areas", said);
}

/// Of one token each.
std::vector<Trained> trained_pools() {
  std::vector<Trained> all;
  for (const auto& pool : bag_pools().components()) {
    if (pool.name == "none") continue;
    const BagPoolFacts& facts = bag_pools().find(pool.name)->facts;
    all.push_back({pool.name, "", facts.passes});
    for (const auto& variant : facts.variants) all.push_back({pool.name, variant.option, variant.passes});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, MilAssumption, testing::ValuesIn(trained_pools()));

}  // namespace
}  // namespace photo51::backbones
