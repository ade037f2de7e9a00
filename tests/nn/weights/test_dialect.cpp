#include "photo51/nn/weights/dialect.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/layers/linear.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

at::Tensor transposed(const at::Tensor& values) {
  return values.t();
}

const Dialect other_dialect{.library = "other",
                            .renames = {{"blocks.*.fc.*", "layers.layer_*.linear_*"}, {"blocks.*", "rest.*"}},
                            .transforms = {{"layers.*.linear_1.weight", transposed}},
                            .classifier = {"head."}};

TEST(Dialect, RenamesByPartsAndTransformsValues) {
  const at::Tensor matrix = at::arange(6).view({2, 3});
  const Tensors translated = translate({{"blocks.7.fc.1.weight", matrix},
                                        {"blocks.7.fc.2.weight", matrix},
                                        {"blocks.7.norm", matrix},
                                        {"blocksy.7", matrix},
                                        {"head.weight", matrix}},
                                       other_dialect, "file");
  EXPECT_THAT(translated, ElementsAre(Key("blocksy.7"), Key("layers.layer_7.linear_1.weight"),
                                      Key("layers.layer_7.linear_2.weight"), Key("rest.7.norm")));
  EXPECT_TRUE(at::equal(translated.at("layers.layer_7.linear_1.weight"), matrix.t()));
  EXPECT_TRUE(at::equal(translated.at("layers.layer_7.linear_2.weight"), matrix));
}

TEST(Dialect, AStarIsAnyTextWithoutDots) {
  const Dialect dialect{.library = "other", .renames = {{"layer_*_x.*", "block*.*"}}};
  const at::Tensor one = at::ones({1});
  EXPECT_THAT(
      translate({{"layer_7_x.a.w", one}, {"layer__x.b", one}, {"layer_x.c", one}, {"alayer_1_x.d", one}},
                dialect, "file"),
      ElementsAre(Key("alayer_1_x.d"), Key("block.b"), Key("block7.a.w"), Key("layer_x.c")));
}

TEST(Dialect, TheClassifierMayBeKept) {
  const Dialect dialect{.library = "other", .renames = {{"head", "fc"}}, .classifier = {"head."}};
  const Tensors file{{"head.bias", at::ones({1})}, {"stem", at::ones({1})}};
  EXPECT_THAT(translate(file, dialect, "file"), ElementsAre(Key("stem")));
  EXPECT_THAT(translate(file, dialect, "file", Classifier::kept), ElementsAre(Key("fc.bias"), Key("stem")));
}

TEST(Dialect, PartsThatWeLackAreLeftOut) {
  const Dialect dialect{.library = "other",
                        .renames = {{"blocks", "layers"}},
                        .ignored = {"decoder", "up_*", "blocks.*.cross"},
                        .constants = {{"index", at::arange(2)}}};
  const at::Tensor one = at::ones({1});
  const Tensors file{{"blocks.0.w", one}, {"blocks.0.cross.w", one}, {"decoder.w", one},
                     {"decoders.w", one}, {"up_3.w", one},           {"index", at::arange(2)}};
  for (const Classifier classifier : {Classifier::left_out, Classifier::kept})
    EXPECT_THAT(translate(file, dialect, "file", classifier),
                ElementsAre(Key("decoders.w"), Key("layers.0.w")));
}

TEST(Dialect, ConstantsAreGivenBack) {
  const Dialect dialect{.library = "other", .constants = {{"index", at::arange(2)}}};
  const Tensors back = translate_back({{"stem", at::ones({1})}}, dialect);
  EXPECT_THAT(back, ElementsAre(Key("index"), Key("stem")));
  EXPECT_TRUE(at::equal(back.at("index"), at::arange(2)));
}

TEST(Dialect, PartsBecomeOneAndAreTakenApartAgain) {
  const Dialect dialect{.library = "other",
                        .renames = {{"blocks.*", "layers.*"}},
                        .joins = {{"layers.*.qkv.bias", {"layers.*.q_bias", "", "layers.*.v_bias"}}}};
  const at::Tensor q = at::tensor({1.F, 2.F}), v = at::tensor({3.F, 4.F});
  const Tensors file{{"blocks.0.q_bias", q}, {"blocks.0.v_bias", v}, {"blocks.0.proj", q}};
  const Tensors ours = translate(file, dialect, "file");
  EXPECT_THAT(ours, ElementsAre(Key("layers.0.proj"), Key("layers.0.qkv.bias")));
  EXPECT_TRUE(at::equal(ours.at("layers.0.qkv.bias"), at::tensor({1.F, 2.F, 0.F, 0.F, 3.F, 4.F})));
  const Tensors back = translate_back(ours, dialect);
  ASSERT_THAT(back, ElementsAre(Key("blocks.0.proj"), Key("blocks.0.q_bias"), Key("blocks.0.v_bias")));
  for (const auto& [name, values] : back) EXPECT_TRUE(at::equal(values, file.at(name))) << name;
}

/// They keep their names, by which loading lists them.
TEST(Dialect, PartsThatDoNotFitStayApart) {
  const Dialect dialect{.library = "other", .joins = {{"qkv", {"q", "", "v"}}}};
  const at::Tensor two = at::ones({2}), three = at::ones({3});
  EXPECT_THAT(translate({{"q", two}}, dialect, "file"), ElementsAre(Key("q")));
  EXPECT_THAT(translate({{"q", two}, {"v", three}}, dialect, "file"), ElementsAre(Key("q"), Key("v")));
  EXPECT_THAT(translate({{"q", two}, {"v", two.to(at::kDouble)}}, dialect, "file"),
              ElementsAre(Key("q"), Key("v")));
  EXPECT_THAT(translate({{"q", two}, {"qkv", three}, {"v", two}}, dialect, "file"),
              ElementsAre(Key("q"), Key("qkv"), Key("v")));
}

TEST(Dialect, TheWayBackIsTheSameRules) {
  const Dialect dialect{.library = "other",
                        .renames = {{"blocks.*.fc*.w", "layers.layer_*.linear_*"}, {"norm", "ln"}}};
  const at::Tensor values = at::ones({1});
  const Tensors file{{"blocks.3.fc1.w", values}, {"norm.bias", values}, {"stem", values}};
  const Tensors own = translate(file, dialect, "file");
  EXPECT_THAT(own, ElementsAre(Key("layers.layer_3.linear_1"), Key("ln.bias"), Key("stem")));
  EXPECT_THAT(translate_back(own, dialect),
              ElementsAre(Key("blocks.3.fc1.w"), Key("norm.bias"), Key("stem")));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           translate_back({{"layers.layer_0.linear_1.weight", values}}, other_dialect);
                         }),
              HasSubstr("other has other values for `layers.layer_0.linear_1.weight`, and no way back"));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           translate_back({{"ln.w", values}, {"norm.w", values}}, dialect);
                         }),
              HasSubstr("two tensors are `norm.w` by the names of other, one of them `norm.w`"));
}

TEST(Dialect, TransformsMayLeadBack) {
  const Dialect dialect{.library = "other",
                        .renames = {{"fc", "linear"}},
                        .transforms = {{"linear.weight", transposed, transposed}}};
  const Tensors file{{"fc.weight", at::arange(6).view({2, 3})}};
  const Tensors own = translate(file, dialect, "file");
  EXPECT_EQ(own.at("linear.weight").sizes(), (std::vector<int64_t>{3, 2}));
  EXPECT_TRUE(at::equal(translate_back(own, dialect).at("fc.weight"), file.at("fc.weight")));
}

TEST(Dialect, TwoTensorsOfOneNameAreAnError) {
  EXPECT_THAT(
      message_of(
          core::Fault::data,
          [] {
            translate({{"blocks.1", at::ones({1})}, {"rest.1", at::ones({1})}}, other_dialect, "w.file");
          }),
      HasSubstr("w.file: two tensors are `rest.1` by the names of other"));
}

struct DialectNet : torch::nn::Module {
  DialectNet() {
    auto layers = register_module("layers", std::make_shared<torch::nn::Module>());
    auto layer = layers->register_module("layer_0", std::make_shared<torch::nn::Module>());
    linear = layer->register_module("linear_1", std::make_shared<Linear>(3, 2, false));
  }
  std::shared_ptr<Linear> linear;
};

TEST(Pretrained, TheNearestDialectIsTaken) {
  test::TemporaryFolder folder;
  const std::vector<Dialect> dialects{{.library = "ours", .classifier = {"fc."}}, other_dialect};
  const at::Tensor values = at::randn({2, 3});
  write_safetensors(folder / "ours", {{"layers.layer_0.linear_1.weight", values}, {"fc.bias", values}});
  write_safetensors(folder / "other",
                    {{"blocks.0.fc.1.weight", values.t().contiguous()}, {"head.bias", values}});
  for (const char* name : {"ours", "other"}) {
    DialectNet net;
    load_pretrained(net, folder / name, dialects);
    EXPECT_TRUE(at::equal(net.linear->weight, values)) << name;
  }
  write_safetensors(folder / "strange", {{"x", values}});
  DialectNet net;
  EXPECT_THAT(message_of(core::Fault::data, [&] { load_pretrained(net, folder / "strange", dialects); }),
              HasSubstr("strange: the weights are those of another model; missing: layers.layer_0.linear_1"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { load_pretrained(net, folder / "ours", {}); }),
              HasSubstr("takes no pretrained weights"));
}

}  // namespace
}  // namespace photo51::nn
