/// What stands beside and behind the image networks: pools of bags, encoders of tables, fusions.

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <optional>

#include "backends/agree.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/feature_encoder_options.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/radiogenomics/encoders/table_encoders.hpp"
#include "support/small_bag_pools.hpp"

namespace photo51::test {
namespace {

/// Made of the table, so that each row has its case.
std::vector<BackendCase> pool_cases() {
  std::vector<BackendCase> cases;
  for (const auto& pool : backbones::bag_pools().components())
    for (const std::string variant : {"", "views", "seen"}) {
      cases.push_back(case_of(
          pool.name, variant, {{6, 5}},
          [name = pool.name, variant] {
            backbones::BagPoolOptions options;
            options.pool = small_bag_pool(name);
            options.view_embedding = variant == "views";
            return backbones::make_bag_pool(options, 5, 2, {{"idh", 3}});
          },
          [variant](backbones::BagPool& bags, const Tensors& in) {
            std::optional<nn::Capture> capture;  // so that fused operators take their other way
            if (variant == "seen") capture.emplace(bags);
            const at::Tensor classes =
                bags.label().empty() ? at::Tensor() : at::tensor({2, -1, 0}, at::kLong);
            const auto pooled = bags.forward(in[0], at::tensor({1, 3, 2}, at::kLong),
                                             at::tensor({0, 1, 1, 0, 1, 0}, at::kLong), classes);
            Tensors outputs{pooled.values};
            if (pooled.mask.defined()) outputs.push_back(pooled.mask);
            if (pooled.attention.defined()) outputs.push_back(pooled.attention);
            for (const auto& [name, loss] : pooled.losses) outputs.push_back(loss.value);
            return outputs;
          }));
      cases.back().random_in_training = pool.name == "dtfd";
    }
  return cases;
}

std::vector<BackendCase> table_cases() {
  using namespace radiogenomics;
  std::vector<BackendCase> cases;
  const auto add = [&](const config::Choice& choice) {
    cases.push_back(case_of(
        choice.name, "", {{4, 6}},
        [choice] {
          return (*table_encoders().find(choice.name))(choice, {.image = false, .channels = 6, .size = {}});
        },
        [](backbones::Encoder& encoder, const Tensors& in) {
          data::InputBatch input;
          input.values = in[0];
          input.present = at::tensor({1, 0, 1, 1}).to(at::kBool);
          const backbones::Tokens tokens = encoder.encode(input);
          return Tensors{tokens.values, tokens.mask};
        }));
    cases.back().inputs_of = InputsOf::data;
  };
  SnnOptions snn;
  snn.hidden = {8, 4};
  snn.dropout = 0;
  LinearOptions linear;
  linear.width = 3;
  add(config::choose("snn", snn));
  add(config::choose("linear", linear));
  add(config::choose<IdentityOptions>("identity"));
  cases.push_back(case_of(
      "bag", "", {{6, 6}},
      [] {
        backbones::FeatureEncoderOptions options;
        options.width = 5;
        options.bag.pool = small_bag_pool("gated_abmil");
        return (*table_encoders().find("bag"))(config::choose("bag", options),
                                               {.image = false, .channels = 6, .size = {}, .bag = true});
      },
      [](backbones::Encoder& encoder, const Tensors& in) {
        data::InputBatch input;
        input.values = in[0];
        input.present = at::tensor({1, 0, 1}).to(at::kBool);
        input.offsets = at::tensor({0, 2, 2, 6}, at::kLong);
        input.view = at::zeros({6}, at::kLong);
        input.channel_present = at::ones({3, 1}, at::kBool).to(in[0].device());
        const backbones::Tokens tokens = encoder.encode(input);
        return Tensors{tokens.values, tokens.mask};
      }));
  cases.back().inputs_of = InputsOf::data;
  return cases;
}

/// Inputs of several tokens and of one; of the three cases the second lacks one of them and the last both.
std::vector<BackendCase> fusion_cases() {
  using namespace fusion;
  std::vector<BackendCase> cases;
  const auto add = [&](const std::string& variant, const config::Choice& choice) {
    cases.push_back(case_of(
        choice.name, variant, {{3, 2, 6}, {3, 1, 4}},
        [choice] {
          return (*fusions().find(choice.name))(choice, {{"mri", 6}, {"genes", 4}});
        },
        [](Fusion& module, const Tensors& in) {
          const auto mask = [&](const std::vector<int>& real) {
            return at::tensor(real).to(at::kBool).view({3, -1}).to(in[0].device());
          };
          const Fused fused =
              module.fuse({{"mri", {in[0], mask({1, 1, 1, 0, 0, 0})}}, {"genes", {in[1], mask({1, 0, 0})}}});
          Tensors outputs{fused.values};
          for (const auto& [name, shares] : fused.modality_weights) outputs.push_back(shares);
          for (const auto& [name, loss] : fused.losses) outputs.push_back(loss.value);
          return outputs;
        }));
  };
  add("", config::choose<ConcatOptions>("concat"));
  add("projected", config::choose("concat", ConcatOptions{.width = 5, .absent = AbsentInput::zero}));
  add("", config::choose("gated", GatedOptions{.width = 5}));
  return cases;
}

class BagPools : public testing::TestWithParam<BackendCase> {};
TEST_P(BagPools, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, BagPools, testing::ValuesIn(pool_cases()));

class TableEncoders : public testing::TestWithParam<BackendCase> {};
TEST_P(TableEncoders, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, TableEncoders, testing::ValuesIn(table_cases()));

class Fusions : public testing::TestWithParam<BackendCase> {};
TEST_P(Fusions, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, Fusions, testing::ValuesIn(fusion_cases()));

TEST(Tables, EachRowHasItsCases) {
  EXPECT_THAT(without_case(config::names_of(radiogenomics::table_encoders().components()), table_cases()),
              testing::IsEmpty())
      << "add cases of these rows of `table_encoders` to tests/backends/test_combined.cpp";
  EXPECT_THAT(without_case(config::names_of(fusion::fusions().components()), fusion_cases()),
              testing::IsEmpty())
      << "add cases of these rows of `fusions` to tests/backends/test_combined.cpp";
}

}  // namespace
}  // namespace photo51::test
