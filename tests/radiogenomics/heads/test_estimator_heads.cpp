// Heads with an estimator: what they learn, choose, keep and refuse.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "radiogenomics/heads/options_by_task.hpp"
#include "support/errors.hpp"
#include "support/states.hpp"

namespace photo51::radiogenomics {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

data::TaskSpec label(const std::string& kind) {
  data::TaskSpec spec;
  spec.head = "h";
  spec.task = kind;
  if (kind == "multiclass") spec.classes = {"a", "b", "c"};
  return spec;
}

/// Patients of eight features of which the third and the sixth say something.
struct Patients {
  at::Tensor features;
  std::vector<std::string> names;
  std::map<std::string, data::Targets> labels;

  explicit Patients(int64_t count, uint64_t seed = 1) : features(at::zeros({count, 8})) {
    core::Random random({seed});
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < 8; ++j) features[i][j] = random.normal();
    for (int64_t j = 0; j < 8; ++j) names.push_back("f" + std::to_string(j));
    const at::Tensor known = at::ones({count}, at::kBool);
    at::Tensor noise = at::zeros({count}), event = at::ones({count}, at::kBool);
    for (int64_t i = 0; i < count; ++i) {
      noise[i] = 0.3 * random.normal();
      event[i] = random.chance(0.7);
    }
    const at::Tensor third = features.select(1, 2), sixth = features.select(1, 5);
    const at::Tensor signal = third * 2 + sixth + noise;
    labels["binary"] = {(signal > 0).to(at::kFloat), {}, known};
    labels["multiclass"] = {(third > 0.4).to(at::kFloat) + (third > -0.4).to(at::kFloat), {}, known};
    labels["regression"] = {signal * 10 + 50, {}, known};
    labels["survival"] = {(-signal).exp() * 300, event, known};
  }
};

config::Choice options(const std::string& kind, const config::Choice& estimator,
                       const std::vector<config::Choice>& selection = {}, int64_t samples = 1) {
  return head_of_task(kind, [&](EstimatorHeadOptions& o) {
    o.estimator = estimator;
    o.feature_selection = selection;
    o.bootstrap_samples = samples;
  });
}

/// Of pairs that differ in truth, the share that `score` orders alike.
double concordance(const at::Tensor& score, const at::Tensor& truth) {
  const at::Tensor sooner = truth.unsqueeze(1) > truth.unsqueeze(0);
  const at::Tensor gap = score.unsqueeze(1) - score.unsqueeze(0);
  const at::Tensor right = (gap > 0).to(at::kDouble) + 0.5 * (gap == 0).to(at::kDouble);
  return ((right * sooner).sum() / sooner.sum()).item<double>();
}

/// How well the predictions order what they predict.
double quality(Head& head, const std::string& kind, const Patients& patients) {
  const at::Tensor predicted = head.predict(head.forward(patients.features));
  const at::Tensor truth = patients.labels.at(kind).value;
  if (kind == "multiclass")
    return (predicted.argmax(1) == truth.to(at::kLong)).to(at::kDouble).mean().item<double>();
  if (kind == "survival") return concordance(predicted.squeeze(1), -truth);
  return concordance(kind == "binary" ? predicted.select(1, 1) : predicted.squeeze(1), truth);
}

class EveryEstimator : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  static config::Choice estimator() {
    for (const auto& component : learners::estimators().components())
      if (component.name == std::get<0>(GetParam())) return {component.name, component.make()};
    return {};
  }
  static std::string kind() { return std::get<1>(GetParam()); }
};

TEST_P(EveryEstimator, LearnsAnEasySignal) {
  const Patients training(200), unseen(300, 2);
  const auto head = make_head(options(kind(), estimator()), label(kind()), 0);
  EXPECT_FALSE(head->fitted());
  head->fit_at_once({training.features, training.names, training.labels.at(kind()), {}, 7});
  EXPECT_GT(quality(*head, kind(), unseen), kind() == "multiclass" ? 0.7 : 0.85);
}

TEST_P(EveryEstimator, IsTheSameAfterSavingAndWithTheSameSeed) {
  const Patients training(80), unseen(40, 2);
  const auto head = make_head(options(kind(), estimator()), label(kind()), 0);
  head->fit_at_once({training.features, training.names, training.labels.at(kind()), {}, 7});
  const auto again = make_head(options(kind(), estimator()), label(kind()), 0);
  again->fit_at_once({training.features, training.names, training.labels.at(kind()), {}, 7});
  EXPECT_TRUE(test::equal(head->learned(), again->learned()));
  const auto loaded = make_head(options(kind(), estimator()), label(kind()), 0);
  loaded->load_learned(head->learned());
  EXPECT_TRUE(loaded->forward(unseen.features).equal(head->forward(unseen.features)));
  EXPECT_EQ(loaded->selected(), head->selected());
}

TEST_P(EveryEstimator, TakesMissingFeaturesAndLeavesOutUnknownLabels) {
  const Patients training(80);
  auto labels = training.labels.at(kind());
  const auto head = make_head(options(kind(), estimator()), label(kind()), 0);
  labels.known = labels.known.clone();
  labels.known[3] = false;
  head->fit_at_once({training.features, training.names, labels, {}, 7});
  const at::Tensor features = training.features.clone();
  features[3] = 1000;
  const auto other = make_head(options(kind(), estimator()), label(kind()), 0);
  other->fit_at_once({features, training.names, labels, {}, 7});
  EXPECT_TRUE(test::equal(head->learned(), other->learned()));

  features.masked_fill_(at::rand(features.sizes()) < 0.2, NAN);
  const auto missing = make_head(options(kind(), estimator()), label(kind()), 0);
  missing->fit_at_once({features, training.names, training.labels.at(kind()), {}, 7});
  EXPECT_TRUE(missing->forward(features).isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(EstimatorHeads, EveryEstimator,
                         testing::Combine(testing::Values("elastic_net", "kernel_ridge", "boosted_trees",
                                                          "random_forest"),
                                          testing::Values("binary", "multiclass", "regression", "survival")),
                         [](const auto& of) { return std::get<0>(of.param) + "_" + std::get<1>(of.param); });

class EverySelector : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(EverySelector, FindsTheFeaturesThatSaySomething) {
  const auto& [name, kind] = GetParam();
  const Patients training(200);
  config::Choice select;
  if (name == "univariate") select = config::choose<learners::UnivariateOptions>(name, {.keep = 2});
  if (name == "mrmr") select = config::choose<learners::MrmrOptions>(name, {.keep = 2});
  if (name == "elastic_net") select = config::choose<learners::ElasticNetSelectOptions>(name, {.keep = 2});
  const auto head = make_head(
      options(kind, config::choose<learners::ElasticNetOptions>("elastic_net"), {select}), label(kind), 0);
  head->fit_at_once({training.features, training.names, training.labels.at(kind), {}, 7});
  ASSERT_FALSE(head->selected().empty());
  EXPECT_EQ(head->selected()[0], "f2");
  if (kind != "multiclass") {
    EXPECT_THAT(head->selected(), ElementsAre("f2", "f5"));
  }
}

INSTANTIATE_TEST_SUITE_P(EstimatorHeads, EverySelector,
                         testing::Combine(testing::Values("univariate", "mrmr", "elastic_net"),
                                          testing::Values("binary", "multiclass", "regression", "survival")),
                         [](const auto& of) { return std::get<0>(of.param) + "_" + std::get<1>(of.param); });

TEST(EstimatorHeads, MrmrPassesOverACopy) {
  Patients training(200);
  training.features.select(1, 0).copy_(training.features.select(1, 2) + 0.01 * at::randn({200}));
  const auto& labels = training.labels.at("regression");
  const auto linear = config::choose<learners::ElasticNetOptions>("elastic_net");
  const auto univariate = make_head(
      options("regression", linear, {config::choose<learners::UnivariateOptions>("univariate", {.keep = 2})}),
      label("regression"), 0);
  univariate->fit_at_once({training.features, training.names, labels, {}, 7});
  EXPECT_THAT(univariate->selected(), ::testing::UnorderedElementsAre("f0", "f2"));
  const auto mrmr =
      make_head(options("regression", linear, {config::choose<learners::MrmrOptions>("mrmr", {.keep = 2})}),
                label("regression"), 0);
  mrmr->fit_at_once({training.features, training.names, labels, {}, 7});
  EXPECT_EQ(mrmr->selected()[1], "f5");
}

TEST(EstimatorHeads, SelectorsFollowEachOther) {
  const Patients training(200);
  const auto head = make_head(options("binary", config::choose<learners::ElasticNetOptions>("elastic_net"),
                                      {config::choose<learners::UnivariateOptions>("univariate", {.keep = 5}),
                                       config::choose<learners::MrmrOptions>("mrmr", {.keep = 1})}),
                              label("binary"), 0);
  head->fit_at_once({training.features, training.names, training.labels.at("binary"), {}, 7});
  EXPECT_THAT(head->selected(), ElementsAre("f2"));
}

TEST(EstimatorHeads, BootstrapSamplesAverageWhatEachSelectsAndLearns) {
  const Patients training(60), unseen(300, 2);
  const auto fit = [&](const std::string& kind, int64_t samples, const std::vector<int64_t>& group = {}) {
    const auto o = options(kind, config::choose<learners::ElasticNetOptions>("elastic_net", {.lambda = 0.05}),
                           {config::choose<learners::UnivariateOptions>("univariate", {.keep = 2})}, samples);
    auto head = make_head(o, label(kind), 0);
    head->fit_at_once({training.features, training.names, training.labels.at(kind), group, 7});
    return head;
  };
  for (const std::string kind : {"binary", "multiclass", "regression", "survival"}) {
    const auto one = fit(kind, 1), many = fit(kind, 20);
    EXPECT_GT(quality(*many, kind, unseen), kind == "multiclass" ? 0.6 : 0.8);
    EXPECT_EQ(many->selected()[0], "f2");
    EXPECT_GE(many->selected().size(), one->selected().size());
    const auto loaded =
        make_head(options(kind, config::choose<learners::ElasticNetOptions>("elastic_net")), label(kind), 0);
    loaded->load_learned(many->learned());
    EXPECT_TRUE(loaded->forward(unseen.features).equal(many->forward(unseen.features)));
    EXPECT_EQ(loaded->selected(), many->selected());
    EXPECT_TRUE(test::equal(many->learned(), fit(kind, 20)->learned()));
  }
  // Groups are drawn whole: one group for all is the training part itself, every time.
  const auto grouped = fit("regression", 3, std::vector<int64_t>(60, 0)), whole = fit("regression", 1);
  EXPECT_TRUE(at::allclose(grouped->forward(unseen.features), whole->forward(unseen.features), 1e-3, 1e-3));
}

TEST(EstimatorHeads, ClassWeightsWeighTheRarerClassMore) {
  const Patients training(200);
  auto labels = training.labels.at("binary");
  labels.value = (training.features.select(1, 2) > 1.2).to(at::kFloat);
  const auto mean = [&](ClassWeights class_weights) {
    BinaryHeadOptions o;
    o.estimator = config::choose<learners::ElasticNetOptions>("elastic_net", {.lambda = 10});
    o.class_weights = class_weights;
    const auto head = make_head(radiogenomics::head(o), label("binary"), 0);
    head->fit_at_once({training.features, training.names, labels, {}, 7});
    return head->predict(head->forward(training.features)).select(1, 1).mean().item<double>();
  };
  EXPECT_NEAR(mean(ClassWeights::none), labels.value.mean().item<double>(), 0.01);
  EXPECT_NEAR(mean(ClassWeights::inverse), 0.5, 0.01);
}

/// Two columns as if two heads had said them: `first` of the truth, and noise.
at::Tensor said(const at::Tensor& first, uint64_t seed) {
  core::Random random({seed});
  at::Tensor columns = at::zeros({first.size(0), 2});
  for (int64_t i = 0; i < first.size(0); ++i) columns[i][1] = random.normal();
  columns.select(1, 0).copy_(first);
  return columns;
}

TEST(EstimatorHeads, AStackFollowsTheHeadThatKnows) {
  const Patients training(300), unseen(300, 2);
  const auto o =
      options("regression", config::choose<learners::StackOptions>("stack", {.heads = {"a", "b"}}));
  const auto stack = make_head(o, label("regression"), 0);
  const auto truth = [](const Patients& of) { return of.labels.at("regression").value; };
  stack->fit_at_once({said(truth(training), 5), {"a", "b"}, training.labels.at("regression"), {}, 7});
  const at::Tensor predicted = stack->predict(stack->forward(said(truth(unseen), 6))).squeeze(1);
  EXPECT_GT(concordance(predicted, truth(unseen)), 0.95);
}

TEST(EstimatorHeads, AStackOfHeadsThatSeemWrongCountsThemTheSame) {
  const Patients training(60);
  const auto o = options("binary", config::choose<learners::StackOptions>("stack", {.heads = {"a", "b"}}));
  const auto stack = make_head(o, label("binary"), 0);
  const auto& labels = training.labels.at("binary");
  const at::Tensor against = at::stack({-labels.value, -2 * labels.value}, 1) + 0.1 * at::randn({60, 2});
  stack->fit_at_once({against, {"a", "b"}, labels, {}, 7});
  const at::Tensor spread = against.std(0, /*unbiased=*/false);
  const at::Tensor probes = at::tensor({0.0F, 0.0F, 1.0F, 0.0F, 0.0F, 2.0F}).view({3, 2}) * spread;
  const at::Tensor scores = stack->forward(probes).squeeze(1);
  EXPECT_NEAR((scores[1] - scores[0]).item<double>(), 0.5, 1e-4);
  EXPECT_NEAR((scores[2] - scores[0]).item<double>(), 1.0, 1e-4);
}

TEST(EstimatorHeads, RefuseWhatTeachesNothing) {
  const Patients training(20);
  const auto fit = [&](const std::string& kind,
                       const std::function<void(data::Targets&, at::Tensor&)>& change,
                       std::vector<config::Choice> select = {}) {
    return message_of(core::Fault::data, [&] {
      auto labels = training.labels.at(kind);
      at::Tensor features = training.features.clone();
      change(labels, features);
      const auto head = make_head(
          options(kind, config::choose<learners::ElasticNetOptions>("elastic_net"), std::move(select)),
          label(kind), 0);
      head->fit_at_once({features, training.names, labels, {}, 7});
    });
  };
  EXPECT_THAT(fit("binary", [](auto& l, auto&) { l.known = at::zeros_like(l.known); }),
              HasSubstr("no training case has a known label"));
  EXPECT_THAT(fit("binary", [](auto& l, auto&) { l.value = at::ones_like(l.value); }),
              HasSubstr("all 20 training cases are `1`"));
  EXPECT_THAT(fit("multiclass", [](auto& l, auto&) { l.value = (l.value > 0).to(at::kFloat); }),
              HasSubstr("no training case is `c`"));
  EXPECT_THAT(fit("regression", [](auto& l, auto&) { l.value = at::full_like(l.value, 3); }),
              HasSubstr("are the same"));
  EXPECT_THAT(fit("survival", [](auto& l, auto&) { l.event = at::zeros_like(l.event); }),
              HasSubstr("all training patients are censored"));
  EXPECT_THAT(fit("binary", [](auto&, auto& f) { f.fill_(2); }), HasSubstr("no feature varies"));
  EXPECT_THAT(fit("binary",
                  [](auto& l, auto& f) {
                    l.value = at::arange(20).remainder(2).to(at::kFloat);
                    f.copy_((at::arange(20) / 2).floor().unsqueeze(1).expand({20, 8}));
                  },
                  {config::choose<learners::UnivariateOptions>("univariate")}),
              HasSubstr("`univariate` selects no feature"));
}

TEST(EstimatorHeads, RefuseWhatIsNotTheirs) {
  const Patients training(40);
  const auto head = make_head(options("binary", config::choose<learners::ElasticNetOptions>("elastic_net")),
                              label("binary"), 0);
  EXPECT_THAT(message_of(core::Fault::usage, [&] { head->forward(training.features); }),
              HasSubstr("not fitted"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { head->learned(); }), HasSubstr("not fitted"));
  head->fit_at_once({training.features, training.names, training.labels.at("binary"), {}, 7});
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           head->forward(at::zeros({2, 5}));
                         }),
              HasSubstr("fitted to 8 features and gets 5"));
  EXPECT_THAT(message_of(core::Fault::data, [&] { head->load_learned({}); }),
              HasSubstr("the weights hold nothing that its estimator learned"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           head->load_learned({{"estimator", learners::bytes_of("elastic_net")}});
                         }),
              HasSubstr("broken: `features`: is missing"));
  const auto trees = make_head(
      options("binary", config::choose<learners::BoostedTreesOptions>("boosted_trees")), label("binary"), 0);
  EXPECT_THAT(message_of(core::Fault::data, [&] { trees->load_learned(head->learned()); }),
              HasSubstr("of the estimator `elastic_net` and the config says `boosted_trees`"));
  trees->fit_at_once({training.features, training.names, training.labels.at("binary"), {}, 7});
  at::Tensor endless = training.features.clone();
  endless[0][2] = INFINITY;
  EXPECT_THAT(message_of(core::Fault::run, [&] { trees->forward(endless); }),
              ::testing::AllOf(HasSubstr("XGBoost: "), HasSubstr("Input data contains `inf`"),
                               ::testing::Not(HasSubstr(".cc:")), ::testing::Not(HasSubstr("\n"))));
  auto state = trees->learned();
  state["fits.0.state.xgboost"] = learners::bytes_of(R"({"version": [1, 7, 4]})");
  EXPECT_THAT(message_of(core::Fault::data, [&] { trees->load_learned(state); }),
              HasSubstr("`fits.0.state.xgboost`: lacks `learner`"));

  auto spec = label("multiclass");
  spec.classes = {};
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           make_head(options("multiclass",
                                             config::choose<learners::ElasticNetOptions>("elastic_net")),
                                     spec, 0);
                         }),
              HasSubstr("needs the names of its classes"));
  MulticlassHeadOptions two;
  two.estimator = config::choose<learners::ElasticNetOptions>("elastic_net");
  two.classes = {"2"};
  EXPECT_THAT(
      message_of(core::Fault::usage, [&] { make_head(radiogenomics::head(two), label("multiclass"), 0); }),
      HasSubstr("`classes` says 2"));
}

}  // namespace
}  // namespace photo51::radiogenomics
