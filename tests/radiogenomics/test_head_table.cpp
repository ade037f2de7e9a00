#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/config/read.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "radiogenomics/heads/options_by_task.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::HasSubstr;

config::Choice of_task(const std::string& task) {
  return config::default_choice(head_components(), task);
}

TEST(HeadTable, EveryTaskHasHeads) {
  for (const auto& task : data::tasks()) {
    EXPECT_EQ(head_of(task.name).task, task.name);
    EXPECT_EQ(head_of(of_task(task.name)).task, task.name);
  }
  ASSERT_EQ(head_components().size(), data::tasks().size());
  EXPECT_EQ(head_components()[0].name, "binary");
  EXPECT_EQ(head_components()[0].help, data::task_named("binary").help);
}

TEST(HeadTable, ATaskThatIsNotThereIsAnErrorAtOnce) {
  PHOTO51_EXPECT_ERROR(task_spec("idh", {"binari", nullptr}), usage, HasSubstr("did you mean `binary`"));
  const auto label = task_spec("idh", of_task("binary"));
  PHOTO51_EXPECT_ERROR(make_head({"binari", nullptr}, label, 4), usage,
                       HasSubstr("there is no task `binari`"));
  PHOTO51_EXPECT_ERROR(make_head(of_task("regression"), label, 4), usage,
                       HasSubstr("task: the head's is `regression` and its label's is `binary`"));
  const auto learned = head_of_task("regression", config::choose<learners::ElasticNetOptions>("elastic_net"));
  PHOTO51_EXPECT_ERROR(make_head(learned, label, 0), usage, HasSubstr("task: the head's is `regression`"));
}

TEST(HeadTable, OptionsOfAnotherTaskAreAnErrorAtOnce) {
  const std::string why = "the options are not those of the task `binary`; fill its own struct";
  PHOTO51_EXPECT_ERROR(head_options(config::choose("binary", RegressionHeadOptions{})), usage,
                       HasSubstr(why));
  PHOTO51_EXPECT_ERROR(seen_by({"binary", nullptr}), usage, HasSubstr(why));
}

TEST(HeadTable, KeysBelongToTasks) {
  const auto refused = [](const std::string& yaml) {
    return test::message_of(core::Fault::usage, [&] { read_head(yaml); });
  };
  EXPECT_EQ(refused("{task: regression, class_weights: inverse}"),
            "h.yaml:1: head.class_weights: unknown key where `task` is `regression`; it belongs to binary, "
            "multiclass");
  EXPECT_THAT(refused("{task: binary, genes: [A]}"),
              HasSubstr("genes: unknown key where `task` is `binary`; it belongs to expression"));
  EXPECT_THAT(refused("{task: binary, loss: cox_efron}"), HasSubstr("it belongs to survival"));
  EXPECT_THAT(refused("{task: binary, positiv: a}"),
              HasSubstr("unknown key where `task` is `binary` (did you mean `positive`?)"));
  EXPECT_THAT(refused("{task: expression}"),
              HasSubstr("table: an expression head needs the table that it learns from"));
  EXPECT_THAT(refused("{task: expression, table: t.tsv, label: x}"),
              HasSubstr("label: unknown key where `task` is `expression`"));
  EXPECT_THAT(refused("{task: expression, table: t.tsv, estimator: elastic_net}"),
              HasSubstr("estimator: unknown key where `task` is `expression`"));
  EXPECT_EQ(
      refused("{positive: a}"),
      "h.yaml:1: head: needs a `task`: binary, multiclass, regression, survival, expression, segmentation");
}

TEST(HeadTable, SaysWhatHeadsHaveInCommon) {
  config::Choice genes = read_head("{task: expression, table: t.tsv, genes: [A], weight: 2, inputs: [mri]}");
  EXPECT_EQ(head_options(genes).weight, 2);
  EXPECT_EQ(head_options(genes).inputs, std::vector<std::string>{"mri"});
  EXPECT_TRUE(estimator_of(genes).empty());
  *named_table(genes) = "other.tsv";
  EXPECT_EQ(task_spec("g", genes).table, "other.tsv");
  EXPECT_EQ(task_spec("g", genes).inputs, std::vector<std::string>{"mri"});
  config::Choice os = read_head("{task: survival, label: days, time_unit: years, loss: ''}");
  EXPECT_EQ(named_table(os), nullptr);
  EXPECT_EQ(task_spec("os", os).column, "days");
  EXPECT_EQ(task_spec("os", os).time_unit, "years");
  EXPECT_EQ(estimator_of(read_head("{task: binary, estimator: elastic_net}")).name, "elastic_net");
}

TEST(HeadTable, AHeadSaysHowItLearns) {
  const auto o = of_task("binary");
  const auto label = task_spec("idh", o);
  EXPECT_EQ(seen_by(o), Sees::fusion);
  const auto layer = make_head(o, label, 4);
  EXPECT_FALSE(layer->fitted_at_once());
  EXPECT_TRUE(layer->fitted());
  EXPECT_TRUE(layer->learned().empty());
  EXPECT_TRUE(layer->selected().empty());
  PHOTO51_EXPECT_ERROR(layer->fit_at_once({}), usage,
                       HasSubstr("trained by steps and cannot be fitted at once"));
  PHOTO51_EXPECT_ERROR(layer->load_learned({}), usage, HasSubstr("what it learned are its parameters"));
  const auto net = head_of_task("binary", config::choose<learners::ElasticNetOptions>("elastic_net"));
  EXPECT_EQ(seen_by(net), Sees::embeddings);
  const auto estimator = make_head(net, label, 0);
  EXPECT_TRUE(estimator->fitted_at_once());
  EXPECT_FALSE(estimator->fitted());
  EXPECT_TRUE(estimator->parameters().empty());
  const at::Tensor all = at::ones({2}, at::kBool);
  estimator->fit({at::zeros({2}), {}, all});  // labels alone teach it nothing
  EXPECT_FALSE(estimator->fitted());
  EXPECT_FALSE(estimator->loss(at::zeros({2, 1}), {at::zeros({2}), {}, all}).defined());
  const auto stack = config::choose<learners::StackOptions>("stack", {.heads = {"a", "b"}});
  EXPECT_EQ(seen_by(head_of_task("binary", stack)), Sees::heads);
}

TEST(HeadTable, ASurvivalLossMayNeedAnEvent) {
  SurvivalHeadOptions o;
  EXPECT_TRUE(needs_event(head(o)));
  o.loss = SurvivalLoss::discrete_nll;
  EXPECT_FALSE(needs_event(head(o)));
  EXPECT_FALSE(needs_event(of_task("binary")));
}

TEST(HeadTable, TakesHeadsOfFurtherTasks) {
  data::Task task = data::task_named("regression");
  task.name = "weight";
  data::add_task(task);
  PHOTO51_EXPECT_ERROR(head_of("weight"), usage,
                       HasSubstr("the task `weight` has no heads; add it with radiogenomics::add_head"));
  TaskHead row = head_of("regression");
  PHOTO51_EXPECT_ERROR(add_head(row), usage, HasSubstr("has its heads already"));
  row.task = "weight";
  const auto make = row.make;
  row.make = nullptr;
  PHOTO51_EXPECT_ERROR(add_head(row), usage, HasSubstr("lacks a function"));
  row.make = make;
  row.make_options = nullptr;
  PHOTO51_EXPECT_ERROR(add_head(row), usage, HasSubstr("lacks a function"));
  row.make_options = head_of("regression").make_options;
  add_head(row);
  EXPECT_EQ(head_components().back().name, "weight");
  const auto kg = read_head("weight");
  const auto spec = task_spec("kg", kg);
  EXPECT_EQ(spec.column, "kg");
  EXPECT_EQ(make_head(kg, spec, 4)->forward(at::zeros({2, 4})).size(1), 1);
  PHOTO51_EXPECT_ERROR(make_head(read_head("{task: weight, estimator: elastic_net}"), spec, 0), usage,
                       HasSubstr("heads of the task `weight` have no estimators"));
}

data::Targets genes(const at::Tensor& value, const at::Tensor& known) {
  return {value, {}, known};
}

TEST(ExpressionHead, UnknownGenesOfACaseDoNotCount) {
  ExpressionHeadOptions o;
  o.table = "t.tsv";
  o.genes = {"A", "B"};
  const auto chosen = radiogenomics::head(o);
  auto head = make_head(chosen, task_spec("genes", chosen), 2);
  // Of A three cases are known, mean 15 and variance 50 / 3; of B two, mean 3 and deviation 1.
  const at::Tensor value = at::tensor({10.F, 2.F, 15.F, 4.F, 20.F, 900.F}).view({3, 2});
  const at::Tensor known = at::tensor({1, 1, 1, 1, 1, 0}, at::kByte).to(at::kBool).view({3, 2});
  head->fit(genes(value, known));
  const auto state = nn::state_of(*head);
  EXPECT_TRUE(at::allclose(state.at("mean"), at::tensor({15.F, 3.F})));
  EXPECT_TRUE(at::allclose(state.at("deviation"), at::tensor({std::sqrt(50 / 3.F), 1.F})));
  // Of the third case A alone: (5 / deviation)^2, over one known gene.
  EXPECT_NEAR(head->loss(at::zeros({3, 2}),
                         genes(value, at::tensor({0, 0, 0, 0, 1, 0}, at::kByte).to(at::kBool).view({3, 2})))
                  .item<double>(),
              25 / (50 / 3.0), 1e-5);
  // All known is the same either way.
  const at::Tensor raw = at::randn({3, 2});
  const double by_gene = head->loss(raw, genes(value, at::ones({3, 2}, at::kBool))).item<double>();
  const double by_case = head->loss(raw, genes(value, at::ones({3}, at::kBool))).item<double>();
  EXPECT_NEAR(by_gene / by_case, 1, 1e-6);
  EXPECT_FALSE(head->loss(raw, genes(value, at::zeros({3, 2}, at::kBool))).defined());
  PHOTO51_EXPECT_ERROR(
      head->fit(genes(value, at::tensor({1, 0, 1, 0, 1, 0}, at::kByte).to(at::kBool).view({3, 2}))), data,
      HasSubstr("no training case has a value of gene `B`"));
}

}  // namespace
}  // namespace photo51::radiogenomics
