#include "photo51/nn/weights/differences.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <limits>

namespace photo51::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Differences, NamesShapesTypesAndValues) {
  const at::Tensor one = at::ones({2});
  const auto found =
      differences({{"a", one}, {"b", one}, {"c", one}, {"d", one}, {"e", at::zeros({0})}, {"n", one}},
                  {{"b", one.to(at::kHalf)},
                   {"c", at::ones({1, 2})},
                   {"d", at::tensor({1.0F, 4.0F})},
                   {"e", at::zeros({0})},
                   {"f", one},
                   {"n", one * std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_THAT(found.only_first, ElementsAre("a"));
  EXPECT_THAT(found.only_second, ElementsAre("f"));
  EXPECT_EQ(found.equal, 1);
  ASSERT_THAT(found.changed, SizeIs(4));
  EXPECT_EQ(found.changed[0].what, "Float and Half");
  EXPECT_EQ(found.changed[0].largest, 0);
  EXPECT_EQ(found.changed[1].what, "[2] and [1, 2]");
  EXPECT_EQ(found.changed[2].what, "");
  EXPECT_DOUBLE_EQ(found.changed[2].largest, 0.75);
  EXPECT_EQ(found.changed[3].largest, std::numeric_limits<double>::infinity());
}

/// The rules lead from timm's names of a vision transformer to torchvision's.
TEST(Differences, RenamesAreProposed) {
  Tensors given, own;
  for (int i = 0; i < 12; ++i) {
    const std::string theirs = "blocks." + std::to_string(i) + ".",
                      ours = "encoder.layers.encoder_layer_" + std::to_string(i) + ".";
    for (const char* end : {"weight", "bias"}) {
      given[theirs + "norm1." + end] = own[ours + "ln_1." + end] = at::ones({4});
      given[theirs + "norm2." + end] = own[ours + "ln_2." + end] = at::ones({4});
    }
    given[theirs + "attn.proj.weight"] = own[ours + "self_attention.out_proj.weight"] = at::ones({4, 4});
  }
  given["same"] = own["same"] = at::ones({4});
  given["odd.x1y2"] = own["other.x1y2z"] = at::ones({7});
  given["lone"] = at::ones({3});
  const auto renames = propose_renames(given, own);
  std::vector<std::string> rules;
  for (const auto& rule : renames) rules.push_back(rule.from + "=" + rule.to);
  EXPECT_THAT(rules,
              ElementsAre("blocks.*.attn.proj=encoder.layers.encoder_layer_*.self_attention.out_proj",
                          "blocks.*.norm*=encoder.layers.encoder_layer_*.ln_*", "odd.x1y2=other.x1y2z"));
  given.erase("lone");
  const Dialect dialect{.library = "proposed", .renames = renames};
  std::vector<std::string> missing;
  const Tensors translated = translate(given, dialect, "file");
  for (const auto& entry : own)
    if (!translated.contains(entry.first)) missing.push_back(entry.first);
  EXPECT_THAT(missing, IsEmpty());
}

}  // namespace
}  // namespace photo51::nn
