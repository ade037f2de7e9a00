#include <gmock/gmock.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/inference/trained_model.hpp"
#include "support/errors.hpp"

namespace photo51::inference {
namespace {

using ::testing::HasSubstr;

std::vector<model::Prediction> vote(double probability, double risk) {
  return {{"P1", "idh", "1", probability, probability, probability}, {"P1", "os", "", risk, risk, risk}};
}

data::TaskSpec label(const std::string& head, const std::string& kind) {
  data::TaskSpec spec;
  spec.head = head;
  spec.task = kind;
  return spec;
}

std::vector<model::Prediction> combine(const std::vector<std::vector<model::Prediction>>& members) {
  return inference::combine(members, {label("idh", "binary"), label("os", "survival")});
}

TEST(Ensemble, OneMemberHasNoSpread) {
  const auto combined = combine({vote(0.3, 2)});
  EXPECT_DOUBLE_EQ(combined[0].value, 0.3);
  EXPECT_DOUBLE_EQ(combined[0].low, 0.3);
  EXPECT_DOUBLE_EQ(combined[0].high, 0.3);
  EXPECT_TRUE(combine({}).empty());
}

TEST(Ensemble, MeanAndSpreadOfTwo) {
  // Logits ±1: mean probability 0.5, standard deviation of the logits sqrt(2).
  const double p = 1 / (1 + std::exp(-1.0));
  const auto combined = combine({vote(p, 1), vote(1 - p, 3)});
  EXPECT_NEAR(combined[0].value, 0.5, 1e-12);
  const double half = 1.959963984540054 * std::sqrt(2.0);
  EXPECT_NEAR(combined[0].high, 1 / (1 + std::exp(-half)), 1e-12);
  EXPECT_NEAR(combined[0].low, 1 / (1 + std::exp(half)), 1e-12);
  EXPECT_NEAR(combined[1].value, 2, 1e-12);
  EXPECT_NEAR(combined[1].low, 2 - half, 1e-12);
  EXPECT_NEAR(combined[1].high, 2 + half, 1e-12);
}

TEST(Ensemble, CertainMembersStayFinite) {
  const auto combined = combine({vote(1, 0), vote(0, 0)});
  EXPECT_NEAR(combined[0].value, 0.5, 1e-12);
  EXPECT_GE(combined[0].low, 0);
  EXPECT_LE(combined[0].high, 1);
}

TEST(Ensemble, GenesAreValuesNotProbabilities) {
  const auto genes = label("genes", "expression");
  const auto combined = inference::combine(
      {{{"P1", "genes", "ERBB2", -1, -1, -1}}, {{"P1", "genes", "ERBB2", 3, 3, 3}}}, {genes});
  EXPECT_NEAR(combined[0].value, 1, 1e-12);
  EXPECT_NEAR(combined[0].low, 1 - 1.959963984540054 * std::sqrt(8.0), 1e-12);
}

TEST(Ensemble, RefusesMembersThatDisagreeOnTheCases) {
  auto other = vote(0.2, 1);
  other[1].case_id = "P2";
  PHOTO51_EXPECT_ERROR(combine({vote(0.3, 1), other}), data,
                       HasSubstr("the members of the ensemble predict different cases or classes (case P1, "
                                 "head os)"));
  other.pop_back();
  PHOTO51_EXPECT_ERROR(combine({vote(0.3, 1), other}), data, HasSubstr("(case P1, head idh)"));
}

TEST(MemberMetadata, RoundTrip) {
  TrainedModelInfo info;
  info.fold = 3;
  info.repeat = 1;
  info.fitted.negative = {{"cluster", {"none"}}};
  data::TaskSpec cluster;
  cluster.head = "cluster";
  cluster.task = "multiclass";
  cluster.classes = {"R1", "R2"};
  info.labels = {cluster};
  info.risks["os"] = {0.1 + 0.2, 1.0 / 3};
  data::TaskSpec asked = cluster;
  asked.classes.clear();
  const TrainedModelInfo back = from_metadata(to_metadata(info), {asked}, {});
  EXPECT_EQ(back.fold, 3);
  EXPECT_EQ(back.repeat, 1);
  EXPECT_EQ(data::to_json(back.fitted), data::to_json(info.fitted));
  EXPECT_EQ(back.labels[0].classes, cluster.classes);
  EXPECT_EQ(back.risks.at("os").center, info.risks["os"].center);
  EXPECT_EQ(back.risks.at("os").scale, info.risks["os"].scale);

  auto broken = to_metadata(info);
  broken["classes"] = "{";
  EXPECT_THROW(from_metadata(broken, {asked}, {}), core::Error);
  broken.erase("classes");
  EXPECT_THROW(from_metadata(broken, {asked}, {}), core::Error);
  EXPECT_THROW(from_metadata({{"format", "pt"}}, {asked}, {}), core::Error);
}

TEST(MemberMetadata, OfAStranger) {
  TrainedModelInfo info;
  data::TaskSpec grade;
  grade.head = "grade";
  grade.task = "multiclass";
  grade.classes = {"II", "III", "IV"};
  info.labels = {grade, label("idh", "binary")};
  info.risks["os"] = {1, 2};
  const auto whole = to_metadata(info);
  const auto refused = [&](const std::string& key, const std::string& value) {
    auto other = whole;
    other[key] = value;
    return test::message_of(core::Fault::data, [&] { from_metadata(other, info.labels, {}); });
  };
  EXPECT_THAT(refused("fold", "1x"), HasSubstr("`fold`: is not a whole number"));
  EXPECT_THAT(refused("fold", "-1"), HasSubstr("`fold`: -1 is outside 0 to"));
  EXPECT_THAT(refused("repeat", "99999999999999999999"), HasSubstr("`repeat`: is not a whole number"));
  EXPECT_THAT(refused("fitted", "["), HasSubstr("what was fitted on the training part: is not valid JSON"));
  EXPECT_THAT(refused("classes", R"({"grade": ["II", "II", "IV"], "idh": []})"),
              HasSubstr("`classes.grade`: holds `II` twice"));
  EXPECT_THAT(refused("classes", R"({"grade": ["II", "IV"], "idh": []})"),
              HasSubstr("`classes.grade`: holds 2 names where the head has 3"));
  EXPECT_THAT(refused("classes", R"({"grade": ["II", "III", "IV"], "idh": ["a"]})"),
              HasSubstr("`classes.idh`: this head has no names of classes"));
  EXPECT_THAT(refused("classes", R"({"grade": ["II", "III", "IV"]})"), HasSubstr("`classes`: lacks `idh`"));
  EXPECT_THAT(refused("classes", "{"), HasSubstr("`classes`: is not valid JSON"));
  EXPECT_THAT(refused("risks", R"({"os": [1, 0]})"), HasSubstr("`risks.os`: its scale is not above 0"));
  EXPECT_THAT(refused("risks", R"({"os": [null, 1]})"), HasSubstr("`risks.os[0]`: is not a finite number"));
  EXPECT_THAT(refused("risks", R"({"os": [1]})"),
              HasSubstr("`risks.os`: holds 1 entries where 2 are needed"));
  EXPECT_THAT(refused("format", "photo51 member 3"),
              HasSubstr("neither `photo51 member 1` nor `photo51 member 2`"));
}

}  // namespace
}  // namespace photo51::inference
