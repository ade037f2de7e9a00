#include "photo51/evaluation/map_scores.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "photo51/core/files.hpp"
#include "photo51/evaluation/evaluate.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::evaluation {
namespace {

using testing::HasSubstr;

data::TaskSpec head_of_two() {
  data::TaskSpec spec;
  spec.head = "lesion";
  spec.task = "segmentation";
  spec.column = "seg";
  spec.classes = {"core", "edge"};
  return spec;
}

at::Tensor box(int64_t value, int64_t begin, int64_t end) {
  at::Tensor map = at::zeros({6, 6, 6}, at::kByte);
  map.slice(0, begin, end).slice(1, 1, 5).slice(2, 1, 5).fill_(value);
  return map;
}

TEST(MapScores, OfEachClassWithItsVolume) {
  const at::Tensor predicted = box(1, 1, 4), truth = box(1, 2, 5);
  const auto scores = score_map(predicted, truth, {1, 2, 5}, head_of_two(), 5);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].class_name, "core");
  EXPECT_DOUBLE_EQ(scores[0].dice, 2. / 3);
  EXPECT_DOUBLE_EQ(scores[0].hd95, 5);  // one slice of 5 mm
  EXPECT_DOUBLE_EQ(scores[0].nsd, 1);
  EXPECT_DOUBLE_EQ(scores[0].predicted_ml, 48 * 10 / 1000.);
  EXPECT_DOUBLE_EQ(scores[0].true_ml, 48 * 10 / 1000.);
  EXPECT_TRUE(std::isnan(scores[1].dice));
  EXPECT_EQ(scores[1].true_ml, 0);
}

TEST(MapScores, OfOneSliceAreOfItsPlane) {
  const at::Tensor predicted = box(1, 2, 3).narrow(0, 2, 1), truth = predicted.clone();
  const auto scores = score_map(predicted, truth, {2, 3, 4}, head_of_two(), 1);
  EXPECT_DOUBLE_EQ(scores[0].dice, 1);
  EXPECT_DOUBLE_EQ(scores[0].hd95, 0);
  EXPECT_NEAR(scores[0].true_ml, 16 * 24 / 1000., 1e-12);
}

TEST(MapScores, ComeBackFromTheirFile) {
  const test::TemporaryFolder folder;
  constexpr double none = std::numeric_limits<double>::quiet_NaN(),
                   far = std::numeric_limits<double>::infinity();
  MapScores scores;
  scores["lesion"]["P, 1"] = {{"core", 0.25, far, 0.5, 1.5, 2}, {"edge", none, none, none, 0, 0}};
  core::write_file_atomic(folder / "m.csv", to_csv(scores));
  EXPECT_THAT(
      core::read_file(folder / "m.csv"),
      HasSubstr(
          "case,head,class,dice,hd95,nsd,predicted_ml,true_ml\n\"P, 1\",lesion,core,0.25,inf,0.5,1.5,2\n"));
  const auto back = read_map_scores(folder / "m.csv");
  EXPECT_EQ(to_csv(back), to_csv(scores));
  core::write_file_atomic(folder / "bad.csv",
                          "case,head,class,dice,hd95,nsd,predicted_ml,true_ml\nP,h,c,much,1,1,1,1\n");
  PHOTO51_EXPECT_ERROR(read_map_scores(folder / "bad.csv"), data,
                       HasSubstr("bad.csv:2: dice: expected a number, got `much`"));
}

TEST(MapScores, MakeMetricsOfClassesWithIntervals) {
  GroundTruth truth;
  truth.specs = {head_of_two()};
  std::vector<model::Prediction> predictions;
  constexpr double none = std::numeric_limits<double>::quiet_NaN(),
                   far = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 4; ++i) {
    const std::string name = "P" + std::to_string(i);
    truth.labels["lesion"][name].known = i < 3;
    for (const char* of : {"core", "edge"}) predictions.push_back({name, "lesion", of, 1, 1, 1});
    truth.maps["lesion"][name] = {{"core", 0.5 + 0.1 * i, i == 0 ? far : 2. * i, 0.9, 1, 1},
                                  {"edge", i == 0 ? 0.2 : none, none, none, 0, 0}};
  }
  std::map<std::string, Metric> found;
  for (const auto& metric : evaluate(predictions, truth, {.bootstrap_samples = 50}))
    found[metric.metric] = metric;
  EXPECT_NEAR(found.at("dice:core").value, 0.6, 1e-12);
  EXPECT_NEAR(found.at("dice:edge").value, 0.2, 1e-12);
  EXPECT_NEAR(found.at("dice").value, 0.4, 1e-12);
  EXPECT_NEAR(found.at("hd95:core").value, 3, 1e-12);  // of 2 and 4: an infinite one says nothing of mm
  EXPECT_EQ(found.count("hd95:edge"), 0U);
  EXPECT_EQ(found.at("dice").n, 3);
  EXPECT_EQ(found.at("hd95:core").n, 2);  // what is not averaged is not counted
  EXPECT_EQ(found.at("hd95").n, 2);
  EXPECT_LT(found.at("dice:core").low, found.at("dice:core").high);
  truth.maps.clear();
  PHOTO51_EXPECT_ERROR(evaluate(predictions, truth, {}), data,
                       HasSubstr("head lesion: no class is in any of the masks or maps"));
}

}  // namespace
}  // namespace photo51::evaluation
