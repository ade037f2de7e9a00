// Estimators against scikit-learn (linear), lifelines (Cox) and XGBoost's own Python package.
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "photo51/core/files.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "radiogenomics/heads/options_by_task.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiogenomics {
namespace {

constexpr int64_t cases = 120, features = 10;

struct Patients {
  at::Tensor x = at::zeros({cases, features});
  std::vector<std::string> names;
  std::map<std::string, data::Targets> labels;

  Patients() {
    core::Random random({51});
    const at::Tensor known = at::ones({cases}, at::kBool);
    for (const std::string kind : {"binary", "multiclass", "regression", "survival"})
      labels[kind] = {at::zeros({cases}), at::zeros({cases}, at::kBool), known};
    for (int64_t i = 0; i < cases; ++i) {
      for (int64_t j = 0; j < features; ++j) x[i][j] = random.normal() * double(j + 1);
      const double signal = x[i][0].item<double>() - x[i][1].item<double>() / 2 + random.normal();
      labels["binary"].value[i] = double(signal > 0.3);
      labels["multiclass"].value[i] = double((signal > -0.7) + (signal > 0.7));
      labels["regression"].value[i] = signal * 2 + 5;
      labels["survival"].value[i] = std::ceil(20 * std::exp(-signal / 2));  // with ties
      labels["survival"].event[i] = random.chance(0.7);
    }
    for (int64_t j = 0; j < features; ++j) names.push_back("x" + std::to_string(j));
  }

  std::string csv() const {
    std::string text = core::join(names, ",") + ",b,k,y,time,event\n";
    for (int64_t i = 0; i < cases; ++i) {
      for (int64_t j = 0; j < features; ++j) text += core::format_number(x[i][j].item<double>()) + ",";
      for (const std::string kind : {"binary", "multiclass", "regression", "survival"})
        text += core::format_number(labels.at(kind).value[i].item<double>()) + ",";
      text += std::to_string(labels.at("survival").event[i].item<bool>()) + "\n";
    }
    return text;
  }
};

class EstimatorsParity : public testing::Test {
 protected:
  void SetUp() override {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
    core::write_file_atomic(folder_ / "cases.csv", patients_.csv());
    const std::string command = std::string(python) + " " +
                                (test::source_dir() / "tests/parity/estimators.py").string() + " " +
                                (folder_ / "cases.csv").string() + " " + (folder_ / "out.csv").string();
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    for (const auto& row : core::read_table(folder_ / "out.csv").rows)
      theirs_[row[0]] = core::parse_double(row[1]).value();
  }

  void compare(const std::string& name, const std::string& kind, const config::Choice& estimator,
               double tolerance) {
    data::TaskSpec label;
    label.task = kind;
    if (kind == "multiclass") label.classes = {"0", "1", "2"};
    const auto head = make_head(head_of_task(kind, estimator), label, 0);
    head->fit_at_once({patients_.x, patients_.names, patients_.labels.at(kind), {}, 0});
    at::Tensor ours = head->forward(patients_.x);
    if (kind == "multiclass") ours = head->predict(ours);
    const at::Tensor flat = ours.to(at::kDouble).reshape(-1);
    double largest = 0;
    for (int64_t i = 0; i < flat.numel(); ++i) {
      const double value = theirs_.at(name + "_" + std::to_string(i));
      largest = std::max(largest, std::abs(flat[i].item<double>() - value));
    }
    EXPECT_LT(largest, tolerance) << name;
    RecordProperty(name, core::format_number(largest));
  }

  Patients patients_;
  test::TemporaryFolder folder_;
  std::map<std::string, double> theirs_;
};

TEST_F(EstimatorsParity, ElasticNet) {
  for (const double l1_ratio : {0.0, 0.5, 1.0})
    for (const std::string kind : {"binary", "multiclass", "regression", "survival"}) {
      if (kind == "survival" && l1_ratio > 0) continue;
      compare(
          kind + "_" + core::format_number(l1_ratio), kind,
          config::choose<learners::ElasticNetOptions>("elastic_net", {.l1_ratio = l1_ratio, .lambda = 0.05}),
          5e-4);
    }
}

TEST_F(EstimatorsParity, BoostedTrees) {
  const auto trees = config::choose<learners::BoostedTreesOptions>(
      "boosted_trees", {.rounds = 40, .learning_rate = 0.1, .subsample = 1, .colsample_bytree = 1});
  compare("trees_binary", "binary", trees, 1e-4);
  compare("trees_multiclass", "multiclass", trees, 1e-4);
  compare("trees_regression", "regression", trees, 1e-4);
  compare("trees_survival", "survival", trees, 1e-4);
}

}  // namespace
}  // namespace photo51::radiogenomics
