#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/config/read.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::radiogenomics {
namespace {

using test::message_of;
using ::testing::HasSubstr;

data::Targets labels(const std::vector<float>& values, const std::vector<int>& known,
                     const std::vector<int>& events = {}) {
  data::Targets batch{at::tensor(values), at::zeros({static_cast<int64_t>(values.size())}, at::kBool),
                      at::tensor(known).to(at::kBool)};
  if (!events.empty()) batch.event = at::tensor(events).to(at::kBool);
  return batch;
}

data::TaskSpec label(const std::string& kind, std::vector<std::string> classes = {}) {
  data::TaskSpec spec;
  spec.head = "h";
  spec.task = kind;
  spec.classes = std::move(classes);
  return spec;
}

config::Choice options(const std::string& task) {
  return config::default_choice(head_components(), task);
}

config::Choice discrete_time() {
  SurvivalHeadOptions o;
  o.loss = SurvivalLoss::discrete_nll;
  o.bins = 3;
  return head(o);
}

struct Named {
  std::string name;
  std::shared_ptr<Head> head;
  data::Targets training;
};
std::vector<Named> every_head() {
  return {{"binary", make_head(options("binary"), label("binary"), 4), labels({0, 1, 1, 0}, {1, 1, 1, 1})},
          {"multiclass", make_head(options("multiclass"), label("multiclass", {"a", "b", "c"}), 4),
           labels({0, 2, 1, 0}, {1, 1, 1, 1})},
          {"regression", make_head(options("regression"), label("regression"), 4),
           labels({10, 20, 30, 25}, {1, 1, 1, 1})},
          {"cox", make_head(options("survival"), label("survival"), 4),
           labels({10, 20, 30, 25}, {1, 1, 1, 1}, {1, 0, 1, 1})},
          {"discrete", make_head(discrete_time(), label("survival"), 4),
           labels({10, 20, 30, 25}, {1, 1, 1, 1}, {1, 0, 1, 1})}};
}

TEST(Heads, UnknownRowsHaveNoInfluence) {
  for (auto& [name, head, training] : every_head()) {
    head->fit(training);
    const at::Tensor raw = head->forward(at::randn({4, 4}));
    data::Targets batch = training;
    batch.known = at::tensor({1, 1, 0, 1}).to(at::kBool);
    const double loss = head->loss(raw, batch).item<double>();
    at::Tensor other = raw.detach().clone();
    other[2].fill_(std::nanf(""));
    batch.value = batch.value.clone();
    batch.value[2] = 0;
    EXPECT_EQ(head->loss(other, batch).item<double>(), loss) << name;
    batch.known.zero_();
    EXPECT_FALSE(head->loss(raw, batch).defined()) << name;
  }
}

TEST(Heads, GradientsAreRight) {
  for (auto& [name, head, training] : every_head()) {
    SCOPED_TRACE(name);
    head->fit(training);
    const at::Tensor raw = head->forward(at::randn({4, 4}));
    // Of the double-precision path, whose buffers hold float32 numbers.
    test::expect_gradient(
        [&, &head = head, &training = training](const at::Tensor& x) { return head->loss(x, training); },
        raw);
  }
}

TEST(Heads, HalfPrecisionOutputsGiveAFloatLoss) {
  for (auto& [name, head, training] : every_head()) {
    head->fit(training);
    const at::Tensor raw = head->forward(at::randn({4, 4})).to(at::kBFloat16);
    EXPECT_EQ(head->loss(raw, training).scalar_type(), at::kFloat) << name;
  }
}

TEST(BinaryHead, LossAndProbabilitiesAreTheLogistic) {
  auto head = make_head(options("binary"), label("binary"), 1);
  const at::Tensor raw = at::tensor({0.F, 2.F}).view({2, 1});
  const double expected = (std::log(2.0) + std::log1p(std::exp(-2.0))) / 2;
  EXPECT_NEAR(head->loss(raw, labels({0, 1}, {1, 1})).item<double>(), expected, 1e-6);
  const at::Tensor p = head->predict(raw);
  EXPECT_NEAR(p[1][1].item<double>(), 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_TRUE(at::allclose(p.sum(1), at::ones({2})));
}

TEST(BinaryHead, SmoothingSpreadsTheTarget) {
  BinaryHeadOptions smooth;
  smooth.label_smoothing = 0.2;
  auto head = make_head(radiogenomics::head(smooth), label("binary"), 1);
  const double p = 1 / (1 + std::exp(-2.0));  // target 0.9 and 0.1
  EXPECT_NEAR(head->loss(at::full({1, 1}, 2.0), labels({1}, {1})).item<double>(),
              -0.9 * std::log(p) - 0.1 * std::log(1 - p), 1e-6);
}

TEST(MulticlassHead, BalanceWeighsByInverseFrequency) {
  MulticlassHeadOptions balanced;
  balanced.class_weights = ClassWeights::inverse;
  auto head = make_head(radiogenomics::head(balanced), label("multiclass", {"a", "b", "c"}), 2);
  const auto training = labels({0, 0, 0, 1, 1, 2, 0}, {1, 1, 1, 1, 1, 1, 0});
  head->fit(training);  // 6 known: 3, 2, 1 -> 6 / (3 * n)
  EXPECT_TRUE(at::allclose(nn::state_of(*head).at("class_weights"), at::tensor({2 / 3.F, 1.F, 2.F})));
  // Equal scores: every row costs log 3, and the weights average to one.
  EXPECT_NEAR(head->loss(at::zeros({7, 3}), training).item<double>(), std::log(3.0), 1e-6);
  EXPECT_NEAR(head->loss(at::zeros({1, 3}), labels({2}, {1})).item<double>(), 2 * std::log(3.0), 1e-6);
}

TEST(RegressionHead, WorksInStandardUnits) {
  auto head = make_head(options("regression"), label("regression"), 2);
  head->fit(labels({10, 20, 1e6F}, {1, 1, 0}));  // mean 15, deviation 5
  EXPECT_NEAR(head->loss(at::zeros({1, 1}), labels({25}, {1})).item<double>(), 4, 1e-6);
  EXPECT_NEAR(head->predict(at::full({1, 1}, 2.0)).item<double>(), 25, 1e-5);
}

data::Targets gene_labels(std::vector<float> values, std::vector<int> known) {
  const auto rows = static_cast<int64_t>(known.size());
  return {at::tensor(values).view({rows, -1}), {}, at::tensor(known).to(at::kBool)};
}

TEST(ExpressionHead, WorksInStandardUnitsGeneByGene) {
  auto head = make_head(options("expression"), label("expression", {"A", "B", "FLAT"}), 2);
  // Means 15, 3 and 7; deviations 5, 1 and none. The unknown row does not count.
  head->fit(gene_labels({10, 2, 7, 20, 4, 7, 1e6F, 0, 0}, {1, 1, 0}));
  const auto one = gene_labels({25, 3, 99}, {1});
  EXPECT_NEAR(head->loss(at::zeros({1, 3}), one).item<double>(), (4 + 0) / 2.0, 1e-6)
      << "a gene that did not vary in training takes no part";
  const at::Tensor predicted = head->predict(at::full({1, 3}, 2.0));
  EXPECT_TRUE(at::allclose(predicted, at::tensor({25.F, 5.F, 7.F}).view({1, 3})));
  EXPECT_FALSE(head->loss(at::zeros({1, 3}), gene_labels({1, 2, 3}, {0})).defined());
}

TEST(ExpressionHead, RefusesWhatCannotBeLearned) {
  EXPECT_THAT(
      message_of(core::Fault::usage, [&] { make_head(options("expression"), label("expression"), 2); }),
      HasSubstr("needs its genes"));
  auto head = make_head(options("expression"), label("expression", {"A"}), 2);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           head->fit(gene_labels({1, 2}, {0, 0}));
                         }),
              HasSubstr("no training case stands in the table"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           head->fit(gene_labels({2, 2}, {1, 1}));
                         }),
              HasSubstr("no gene varies"));
}

TEST(DiscreteHead, BinsTravelWithTheWeights) {
  auto fitted = make_head(discrete_time(), label("survival"), 4);
  fitted->fit(labels({10, 20, 30, 25}, {1, 1, 1, 1}, {1, 0, 1, 1}));
  auto loaded = make_head(discrete_time(), label("survival"), 4);
  const at::Tensor raw = at::randn({2, 3});
  const auto batch = labels({12, 26}, {1, 1}, {1, 1});
  EXPECT_THAT(message_of(core::Fault::usage, [&] { loaded->loss(raw, batch); }), HasSubstr("fit the heads"));
  nn::load_state(*loaded, nn::state_of(*fitted), "w");
  EXPECT_EQ(loaded->loss(raw, batch).item<double>(), fitted->loss(raw, batch).item<double>());
}

TEST(Heads, FittingRefusesWhatCannotBeLearned) {
  const auto failure = [](const std::string& task, const data::TaskSpec& spec,
                          const data::Targets& training) {
    auto head = make_head(options(task), spec, 2);
    return message_of(core::Fault::data, [&] { head->fit(training); });
  };
  data::TaskSpec idh = label("binary");
  EXPECT_THAT(failure("binary", idh, labels({1, 1}, {0, 0})),
              HasSubstr("no training case has a known label"));
  EXPECT_THAT(failure("binary", idh, labels({1, 1, 0}, {1, 1, 0})),
              HasSubstr("all 2 training cases are `1`"));
  idh.positive = {"mutant"};
  EXPECT_THAT(failure("binary", idh, labels({0, 0}, {1, 1})), HasSubstr("are `not mutant`"));
  EXPECT_THAT(failure("multiclass", label("multiclass", {"a", "b", "c"}), labels({0, 2}, {1, 1})),
              HasSubstr("no training case is `b`"));
  EXPECT_THAT(failure("regression", label("regression"), labels({3, 3}, {1, 1})),
              HasSubstr("all 2 training values are the same"));
  EXPECT_THAT(failure("survival", label("survival"), labels({3, 4, 5}, {1, 1, 0}, {0, 0, 1})),
              HasSubstr("all training patients are censored"));
}

TEST(Heads, MulticlassNeedsItsNames) {
  MulticlassHeadOptions o;
  EXPECT_THAT(message_of(core::Fault::usage, [&] { make_head(head(o), label("multiclass"), 2); }),
              HasSubstr("needs the names of its classes"));
  o.classes = {"3"};
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           make_head(head(o), label("multiclass", {"a", "b"}), 2);
                         }),
              HasSubstr("`classes` says 3 and the cohort has 2: a, b"));
}

TEST(Heads, BuffersOfAFileAreOnesThatCanBeLearned) {
  const auto refused = [](const std::shared_ptr<Head>& head, const std::string& buffer, double value) {
    head->check();
    const at::NoGradGuard no_grad;
    head->named_buffers()[buffer].select(0, 0).fill_(value);
    return message_of(core::Fault::data, [&] { head->check(); });
  };
  EXPECT_THAT(refused(make_head(options("binary"), label("binary"), 2), "class_weights", 0),
              HasSubstr("`class_weights` holds a weight that is not above 0; train the model again"));
  EXPECT_THAT(refused(make_head(options("regression"), label("regression"), 2), "deviation", 0),
              HasSubstr("`deviation` is not above 0"));
  EXPECT_THAT(refused(make_head(options("expression"), label("expression", {"A", "B"}), 2), "deviation", -1),
              HasSubstr("`deviation` is below 0"));
  const auto with_edges = [] {
    auto head = make_head(discrete_time(), label("survival"), 2);
    head->fit(labels({1, 2, 3, 4}, {1, 1, 1, 1}, {1, 1, 1, 1}));
    return head;
  };
  EXPECT_THAT(refused(with_edges(), "edges", -3), HasSubstr("`edges` holds a time that is below 0"));
  EXPECT_THAT(refused(with_edges(), "edges", std::nan("")), HasSubstr("below 0"));
  EXPECT_THAT(refused(with_edges(), "edges", 1000), HasSubstr("the times of `edges` do not ascend"));
}

}  // namespace
}  // namespace photo51::radiogenomics
