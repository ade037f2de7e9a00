// An estimator and a feature selection of other code: added to the tables, named by a config, fitted and
// saved.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/learners/estimator.hpp"
#include "photo51/learners/feature_selection.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "radiogenomics/heads/options_by_task.hpp"
#include "support/errors.hpp"
#include "support/states.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct NearestOptions {
  double shift = 0;
  int64_t outputs = 1;  ///< more than a head of one number takes
};
void describe(config::Fields& f, NearestOptions& o) {
  f("shift", o.shift, "of what it says");
  f("outputs", o.outputs, "scores a case", {.min = 1});
}

/// Says of a case what is known of the training case that is most like it.
class Nearest final : public learners::Estimator {
 public:
  explicit Nearest(const NearestOptions& options) : options_(options) {}
  void fit(const learners::LabelledTable& table) override {
    cases_ = table.features.clone();
    values_ = table.value.clone();
  }
  at::Tensor predict(const at::Tensor& features) const override {
    const at::Tensor apart = (features.unsqueeze(1) - cases_.unsqueeze(0)).square().sum(2);
    const at::Tensor said = values_.index_select(0, apart.argmin(1)) + options_.shift;
    return said.unsqueeze(1).repeat({1, options_.outputs});
  }
  learners::State state() const override {
    return {{"cases", cases_}, {"values", values_}, {"count", learners::whole_tensor(values_.size(0))}};
  }
  void load(const learners::StateReader& state, const learners::StateShape& shape) override {
    const int64_t count = state.whole("count", 1, 1000);
    cases_ = state.numbers("cases", {count, shape.features});
    values_ = state.numbers("values", {count});
  }

 private:
  NearestOptions options_;
  at::Tensor cases_, values_;
};

struct ColumnsOptions {
  std::vector<int64_t> columns{0};
};
void describe(config::Fields& f, ColumnsOptions& o) {
  f("columns", o.columns, "that are kept");
}

/// Their names are their own, so that the other tests of this program see the library's components as ever.
void add_toys() {
  static const bool once = [] {
    learners::estimators().add(
        config::component<NearestOptions>("toy_nearest", "what the nearest training case is"),
        {[](const config::Choice& choice) -> std::unique_ptr<learners::Estimator> {
          return std::make_unique<Nearest>(choice.as<NearestOptions>());
        }});
    learners::feature_selections().add(config::component<ColumnsOptions>("toy_columns", "columns by number"),
                                       [](const config::Choice& choice, const learners::LabelledTable&) {
                                         return choice.as<ColumnsOptions>().columns;
                                       });
    return true;
  }();
  ASSERT_TRUE(once);
}

struct Toy {
  std::shared_ptr<Head> head;
  TrainingTable table;
};
/// Of six cases whose third feature is the label.
Toy toy(const std::string& yaml) {
  add_toys();
  const config::Choice options = read_head(yaml);
  data::TaskSpec label;
  label.task = options.name;
  const at::Tensor value = at::tensor({3.0F, 1.0F, 4.0F, 1.5F, 9.0F, 2.0F});
  at::Tensor features = at::zeros({6, 3});
  features.select(1, 0).copy_(at::tensor({0.0F, 1.0F, 0.0F, 1.0F, 0.0F, 1.0F}));
  features.select(1, 2).copy_(value);
  return {make_head(options, label, 0),
          {features, {"a", "b", "c"}, {value, {}, at::ones({6}, at::kBool)}, {}, 1}};
}

TEST(OpenEstimators, AreFittedThroughAConfigAndSaved) {
  const std::string yaml =
      "{task: regression, estimator: {name: toy_nearest, shift: 0.5}, "
      "feature_selection: [{name: toy_columns, columns: [1, 0]}]}";
  const Toy one = toy(yaml), other = toy(yaml);
  one.head->fit_at_once(one.table);
  EXPECT_THAT(one.head->selected(), ElementsAre("c", "a"));  // `b` is the same for all cases and leaves first
  const at::Tensor said = one.head->forward(one.table.features);
  EXPECT_TRUE(said.squeeze(1).equal(one.table.labels.value + 0.5));
  const auto state = one.head->learned();
  EXPECT_TRUE(state.contains("fits.0.state.cases"));
  other.head->load_learned(state, one.table.names);
  EXPECT_TRUE(other.head->forward(one.table.features).equal(said));
  EXPECT_TRUE(test::equal(other.head->learned(), state));
}

TEST(OpenEstimators, HaveOptionsThatAreChecked) {
  add_toys();
  PHOTO51_EXPECT_ERROR(read_head("{task: binary, estimator: {name: toy_nearest, shif: 1}}"), usage,
                       HasSubstr("did you mean `shift`"));
}

TEST(OpenEstimators, ThatAnswerOtherwiseThanAskedAreAnError) {
  const Toy wide = toy("{task: regression, estimator: {name: toy_nearest, outputs: 2}}");
  wide.head->fit_at_once(wide.table);
  PHOTO51_EXPECT_ERROR(wide.head->forward(wide.table.features), usage,
                       HasSubstr("`toy_nearest` says [6, 2] of 6 cases, and 1 scores a case are needed"));
  for (const char* columns : {"[0, 7]", "[-1]", "[1, 1]"}) {
    const Toy wrong =
        toy("{task: regression, estimator: elastic_net, feature_selection: [{name: toy_columns, columns: " +
            std::string(columns) + "}]}");
    PHOTO51_EXPECT_ERROR(wrong.head->fit_at_once(wrong.table), usage,
                         HasSubstr("feature_selection: `toy_columns` keeps column"));
  }
}

}  // namespace
}  // namespace photo51::radiogenomics
