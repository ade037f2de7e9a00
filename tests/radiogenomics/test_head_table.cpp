#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/config/read.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::HasSubstr;

HeadOptions head_options(const std::string& task) {
  HeadOptions o;
  o.task = task;
  return o;
}

TEST(HeadTable, EveryTaskHasHeads) {
  for (const auto& task : data::tasks()) EXPECT_EQ(head_of(task.name).task, task.name);
  EXPECT_EQ(head_tasks().size(), data::tasks().size());
}

TEST(HeadTable, ATaskThatIsNotThereIsAnErrorAtOnce) {
  PHOTO51_EXPECT_ERROR(task_spec("idh", head_options("binari")), usage, HasSubstr("did you mean `binary`"));
  const auto label = task_spec("idh", head_options("binary"));
  PHOTO51_EXPECT_ERROR(make_head(head_options("binari"), label, 4), usage,
                       HasSubstr("there is no task `binari`"));
  PHOTO51_EXPECT_ERROR(make_head(head_options("regression"), label, 4), usage,
                       HasSubstr("task: the head's is `regression` and its label's is `binary`"));
  auto learned = head_options("regression");
  learned.estimator = config::choose<learners::ElasticNetOptions>("elastic_net");
  PHOTO51_EXPECT_ERROR(make_head(learned, label, 0), usage, HasSubstr("task: the head's is `regression`"));
  learned.task = "expression";
  PHOTO51_EXPECT_ERROR(make_head(learned, task_spec("genes", head_options("expression")), 0), usage,
                       HasSubstr("heads of the task `expression` have no estimators"));
}

TEST(HeadTable, OptionsBelongToTasks) {
  const auto refused = [](const std::string& yaml) {
    HeadOptions o;
    return test::message_of(core::Fault::usage, [&] { config::read(config::parse_yaml(yaml, "h.yaml"), o); });
  };
  EXPECT_THAT(refused("{task: regression, class_weights: inverse}"),
              HasSubstr("class_weights: belongs to binary and multiclass heads only"));
  EXPECT_THAT(refused("{task: binary, genes: [A]}"), HasSubstr("genes: belongs to expression heads only"));
  EXPECT_THAT(refused("{task: binary, loss: cox_efron}"),
              HasSubstr("loss: may be chosen for survival heads only"));
  EXPECT_THAT(refused("{task: expression}"),
              HasSubstr("table: an expression head needs the table that it learns from"));
  EXPECT_THAT(refused("{task: expression, table: t.tsv, label: x}"),
              HasSubstr("label: does not belong to an expression head; it has a `table`"));
  EXPECT_THAT(refused("{task: expression, table: t.tsv, estimator: elastic_net}"),
              HasSubstr("estimator: an expression head has none; it is a linear layer"));
}

TEST(HeadTable, AHeadSaysHowItLearns) {
  auto o = head_options("binary");
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
  o.estimator = config::choose<learners::ElasticNetOptions>("elastic_net");
  EXPECT_EQ(seen_by(o), Sees::embeddings);
  const auto estimator = make_head(o, label, 0);
  EXPECT_TRUE(estimator->fitted_at_once());
  EXPECT_FALSE(estimator->fitted());
  EXPECT_TRUE(estimator->parameters().empty());
  const at::Tensor all = at::ones({2}, at::kBool);
  estimator->fit({at::zeros({2}), {}, all});  // labels alone teach it nothing
  EXPECT_FALSE(estimator->fitted());
  EXPECT_FALSE(estimator->loss(at::zeros({2, 1}), {at::zeros({2}), {}, all}).defined());
  o.estimator = config::choose<learners::StackOptions>("stack", {.heads = {"a", "b"}});
  EXPECT_EQ(seen_by(o), Sees::heads);
}

TEST(HeadTable, ASurvivalLossMayNeedAnEvent) {
  auto o = head_options("survival");
  EXPECT_TRUE(needs_event(o));
  o.loss = "discrete_nll";
  EXPECT_FALSE(needs_event(o));
  EXPECT_FALSE(needs_event(head_options("binary")));
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
  add_head(row);
  EXPECT_EQ(task_spec("kg", head_options("weight")).column, "kg");
  EXPECT_EQ(make_head(head_options("weight"), task_spec("kg", head_options("weight")), 4)
                ->forward(at::zeros({2, 4}))
                .size(1),
            1);
}

data::Targets genes(const at::Tensor& value, const at::Tensor& known) {
  return {value, {}, known};
}

TEST(ExpressionHead, UnknownGenesOfACaseDoNotCount) {
  auto o = head_options("expression");
  o.table = "t.tsv";
  o.genes = {"A", "B"};
  auto head = make_head(o, task_spec("genes", o), 2);
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
