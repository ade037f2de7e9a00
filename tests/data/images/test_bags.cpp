#include <ATen/ATen.h>

#include <numeric>

#include "data/fixture.hpp"
#include "data/images/instances.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/data/modality/mammography.hpp"
#include "photo51/data/modality/ultrasound.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/imaging/picture/picture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BagTest : public CohortFolder {
 protected:
  /// A picture of 3 x 2 pixels: `first`, `first` + 1, …
  void write_picture(const std::string& name, int first) const {
    write(name, imaging::encode_png(at::arange(first, first + 6, at::kByte).reshape({2, 3})));
  }
  void write_color(const std::string& name, at::IntArrayRef rgb) const {
    const auto pixel = at::tensor(rgb, at::kLong).to(at::kByte);
    write(name, imaging::encode_png(pixel.expand({2, 3, 3}).contiguous()));
  }
  static MammographyOptions views() {
    auto options = image_input<MammographyOptions>({"left", "right"});
    options.dims = 2;
    options.preprocess.orientation = "none";
    return options;
  }
  /// P1 has both views, P2 the right one twice, P3 neither (but an age), P4 the left one.
  Cohort four(const MammographyOptions& image) const {
    for (int i = 1; i <= 5; ++i) write_picture(std::to_string(i) + ".png", 10 * i);
    ClinicalOptions clinical;
    clinical.columns = {"age"};
    return read("patient,left,right,age\nP1,1.png,2.png,40\nP2,,3.png; 4.png,50\nP3,,,60\nP4,5.png,,70\n",
                {{"breast", data::input(image)}, {"clinical", data::input(clinical)}});
  }
  static std::vector<int64_t> numbers(const at::Tensor& tensor) {
    const auto flat = tensor.to(at::kLong).contiguous();
    return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
  }
  static std::vector<int64_t> firsts(const at::Tensor& values) {
    return numbers(values.flatten(1).select(1, 0));
  }
};

TEST_F(BagTest, ViewsAreRaggedInstances) {
  const auto cohort = four(views());
  const auto fitted = fit(cohort, {0, 1, 2, 3});
  const CaseLoader cases(cohort, fitted);
  const Case both = cases.load(0);
  EXPECT_EQ(both.inputs.at("breast").values.sizes(), at::IntArrayRef({2, 1, 2, 3}));
  EXPECT_FALSE(cases.load(2).inputs.at("breast").values.defined());
  EXPECT_FALSE(cohort.has_input(2, "breast"));

  const auto info = input_info(cohort.inputs(), fitted);
  EXPECT_TRUE(info.at("breast").bag);
  EXPECT_EQ(info.at("breast").channels, 1);
  EXPECT_EQ(info.at("breast").views, 2);
  EXPECT_FALSE(info.at("clinical").bag);

  const auto batch = collate({both, cases.load(1), cases.load(2), cases.load(3)}, info, {});
  const auto& bags = batch.inputs.at("breast");
  EXPECT_EQ(bags.values.sizes(), at::IntArrayRef({5, 1, 2, 3}));  // nothing is padded
  EXPECT_THAT(numbers(bags.offsets), ElementsAre(0, 2, 4, 4, 5));
  EXPECT_THAT(firsts(bags.values), ElementsAre(10, 20, 30, 40, 50));
  EXPECT_THAT(numbers(bags.view), ElementsAre(0, 1, 1, 1, 0));
  EXPECT_THAT(numbers(bags.present), ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(numbers(bags.channel_present), ElementsAre(1, 1, 0, 1, 0, 0, 1, 0));
  EXPECT_FALSE(batch.inputs.at("clinical").offsets.defined());
}

TEST_F(BagTest, ABatchMayHaveNoBagAtAll) {
  const auto cohort = four(views());
  const auto fitted = fit(cohort, {0, 1, 2, 3});
  const auto batch = collate({CaseLoader(cohort, fitted).load(2)}, input_info(cohort.inputs(), fitted), {});
  const auto& bags = batch.inputs.at("breast");
  EXPECT_EQ(bags.values.size(0), 0);
  EXPECT_EQ(bags.values.dim(), 4);
  EXPECT_THAT(numbers(bags.offsets), ElementsAre(0, 0));
  EXPECT_FALSE(bags.present.any().item<bool>());
}

TEST_F(BagTest, MirroredChannelsAreTurnedLeftToRight) {
  auto options = views();
  options.mirror = {"right"};
  const auto cohort = four(options);
  const auto values = CaseLoader(cohort, fit(cohort, {0, 1, 2, 3})).load(0).inputs.at("breast").values;
  EXPECT_THAT(numbers(values[0]), ElementsAre(10, 11, 12, 13, 14, 15));
  EXPECT_THAT(numbers(values[1]), ElementsAre(22, 21, 20, 25, 24, 23));
}

TEST_F(BagTest, TestTimeFlipsReachEveryInstance) {
  const auto cohort = four(views());
  const auto values = CaseLoader(cohort, fit(cohort, {0, 1, 2, 3}))
                          .load(0, {}, {preprocess::Axis::x})
                          .inputs.at("breast")
                          .values;
  EXPECT_THAT(firsts(values), ElementsAre(12, 22));
}

TEST_F(BagTest, AugmentationIsDrawnForEachInstance) {
  auto options = views();
  options.augment.intensity_probability = 1;
  options.augment.shift = 1;
  const auto cohort = four(options);
  const CaseLoader cases(cohort, fit(cohort, {0, 1, 2, 3}));
  const auto once = cases.load(1, {.seed = 3, .epoch = 2}).inputs.at("breast").values;
  const auto again = cases.load(1, {.seed = 3, .epoch = 2}).inputs.at("breast").values;
  EXPECT_TRUE(at::equal(once, again));
  const auto shift = once.flatten(1).select(1, 0) - at::tensor({30.F, 40.F});
  EXPECT_GT((shift[0] - shift[1]).abs().item<float>(), 1e-3);
}

TEST_F(BagTest, TrainingShowsADrawnPart) {
  std::string text = "patient,left,right\nP1,";
  for (int i = 0; i < 12; ++i) {
    write_picture("t" + std::to_string(i) + ".png", 10 * i);
    text += (i == 0 ? "" : ";") + std::string("t") + std::to_string(i) + ".png";
  }
  auto options = views();
  options.train_instances = 4;
  const auto cohort = read(text + ",\n", {{"breast", data::input(options)}});
  const CaseLoader cases(cohort, {});
  const auto shown = [&](int64_t epoch) {
    return firsts(cases.load(0, {.seed = 1, .epoch = epoch}).inputs.at("breast").values);
  };
  EXPECT_EQ(shown(-1).size(), 12U);  // prediction sees all
  EXPECT_EQ(shown(0).size(), 4U);
  EXPECT_EQ(shown(0), shown(0));
  std::set<int64_t> seen;
  for (int64_t epoch = 0; epoch < 30; ++epoch)
    for (const int64_t one : shown(epoch)) seen.insert(one);
  EXPECT_EQ(seen.size(), 12U);
}

TEST_F(BagTest, DrawnInstancesAreUniform) {
  std::vector<int> counts(5, 0);
  for (int64_t epoch = 0; epoch < 2000; ++epoch) {
    const auto chosen = drawn_instances(5, 2, {.seed = 7, .epoch = epoch}, "P/x");
    ASSERT_EQ(chosen.size(), 2U);
    EXPECT_LT(chosen[0], chosen[1]);
    for (const size_t i : chosen) ++counts[i];
  }
  for (const int count : counts) EXPECT_NEAR(count, 800, 110);  // 5 deviations
  EXPECT_THAT(drawn_instances(2, 5, {.seed = 7, .epoch = 1}, "P/x"), ElementsAre(0, 1));
}

TEST_F(BagTest, WhatIsABag) {
  auto options = views();
  EXPECT_TRUE(is_bag(data::input(options)));
  options.bag = BagMode::never;
  EXPECT_FALSE(is_bag(data::input(options)));
  EXPECT_EQ(input_info({{"x", data::input(options)}}, {}).at("x").channels, 2);
  options = views();
  options.channels = {"left"};
  EXPECT_FALSE(is_bag(data::input(options)));
  auto frames = image_input<UltrasoundOptions>({"left"});
  frames.bag = BagMode::always;
  EXPECT_TRUE(is_bag(data::input(frames)));
  EXPECT_FALSE(is_bag(data::input(image_input<LesionOptions>({"left"}, "seg"))));
}

TEST_F(BagTest, ColorPicturesBecomeWhatIsAsked) {
  write_color("c.png", {200, 100, 50});
  write_picture("g.png", 10);
  auto image = image_input<UltrasoundOptions>({"picture"});
  image.dims = 2;
  const auto loaded = [&](const std::string& file) {
    const auto cohort = read("patient,picture\nP1," + file + "\n", {{"x", data::input(image)}});
    return CaseLoader(cohort, {}).load(0).inputs.at("x");
  };
  EXPECT_THAT(failure(core::Fault::data, [&] { loaded("c.png"); }),
              HasSubstr("c.png: is a color picture and the input takes one channel a file; set the input's "
                        "color to gray or rgb"));
  image.color = ColorMode::gray;
  EXPECT_EQ(input_info({{"x", data::input(image)}}, {}).at("x").channels, 1);
  EXPECT_NEAR(loaded("c.png").values[0][1][2].item<float>(), 0.299 * 200 + 0.587 * 100 + 0.114 * 50, 1e-3);
  EXPECT_EQ(loaded("g.png").values[0][1][2].item<float>(), 15);
  image.color = ColorMode::rgb;
  EXPECT_EQ(input_info({{"x", data::input(image)}}, {}).at("x").channels, 3);
  EXPECT_THAT(firsts(loaded("c.png").values), ElementsAre(200, 100, 50));
  EXPECT_THAT(firsts(loaded("g.png").values), ElementsAre(10, 10, 10));
  EXPECT_EQ(loaded("g.png").channel_present.numel(), 3);
  image.preprocess.normalize.method = preprocess::NormalizeMethod::fixed;
  image.preprocess.normalize.mean = {0.1, 0.2, 0.3};
  image.preprocess.normalize.std = {0.5, 0.25, 1};
  image.preprocess.normalize.full_scale = 100;
  const auto scaled = loaded("c.png").values;
  EXPECT_NEAR(scaled[0][0][0].item<float>(), (2.0 - 0.1) / 0.5, 1e-5);
  EXPECT_NEAR(scaled[1][0][0].item<float>(), (1.0 - 0.2) / 0.25, 1e-5);
  EXPECT_NEAR(scaled[2][0][0].item<float>(), (0.5 - 0.3) / 1.0, 1e-5);
}

TEST_F(BagTest, EveryMisuseIsNamed) {
  write_picture("1.png", 10);
  write("tall.png", imaging::encode_png(at::zeros({4, 3}, at::kByte)));
  EXPECT_THAT(data_failure("patient,left,right\nP1,1.png;;1.png,\n", {{"x", data::input(views())}}),
              HasSubstr("cohort.csv:2: column `left`: `1.png;;1.png`: a file between two `;` has no name"));
  EXPECT_THAT(data_failure("patient,left,right\nP1,1.png;none.png,\n", {{"x", data::input(views())}}),
              HasSubstr("there is no file `none.png`"));
  auto plain = views();
  plain.bag = BagMode::never;
  EXPECT_THAT(data_failure("patient,left,right\nP1,1.png;2.png,\n", {{"x", data::input(plain)}}),
              HasSubstr("several files in one cell need `bag: always`"));
  const auto mixed = read("patient,left,right\nP1,1.png,tall.png\n", {{"x", data::input(views())}});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(mixed, {}).load(0); }),
              HasSubstr("tall.png: has another size than the case's other images; set preprocess.size"));
  const auto refused = [](const std::string& text) {
    return failure(core::Fault::usage, [&] { read_input("modality: " + text); });
  };
  EXPECT_THAT(refused("mammography\nchannels: [left, right]\nmask: seg\n"), HasSubstr("a bag has no mask"));
  EXPECT_THAT(refused("mri\nchannels: [a]\ntrain_instances: 3\n"), HasSubstr("is for bags only"));
  EXPECT_THAT(refused("mri\nchannels: [a]\nmirror: [b]\n"), HasSubstr("there is no channel `b`"));
  EXPECT_THAT(refused("mri\nchannels: [a]\nmirror: [a]\nmask: m\n"),
              HasSubstr("the mask would stay as it is"));
  EXPECT_THAT(refused("clinical\ncolumns: [a]\ncolor: rgb\n"), HasSubstr("color: unknown key"));
  EXPECT_THAT(refused("clinical\ncolumns: [a]\nbag: always\n"), HasSubstr("bag: unknown key"));
  EXPECT_THAT(refused("ultrasound\nchannels: [a]\ncolor: rgb\naugment: {drop_channel: 0.1}\n"),
              HasSubstr("drop_channel would blank single colors"));
}

TEST_F(BagTest, LeakageLooksIntoBags) {
  write_picture("1.png", 10);
  write_picture("2.png", 20);
  write_picture("3.png", 10);
  const auto cohort = read("patient,left,right\nP1,1.png;2.png,\nP2,,3.png\n", {{"x", data::input(views())}});
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(cohort, {{{{0}, {1}}}, {}});
                      }),
              HasSubstr("the same image stands in two parts"));
}

TEST_F(BagTest, OneCaseFromTheCommandLine) {
  write_picture("1.png", 10);
  write_picture("2.png", 20);
  const std::string a = (folder_ / "1.png").string(), b = (folder_ / "2.png").string();
  const Inputs inputs{{"x", data::input(views())}};
  const auto cohort = Cohort::single(inputs, {"x.right=" + a + ";" + b});
  const auto input = CaseLoader(cohort, {}).load(0).inputs.at("x");
  EXPECT_THAT(firsts(input.values), ElementsAre(10, 20));
  EXPECT_THAT(numbers(input.view), ElementsAre(1, 1));
}

TEST_F(BagTest, MiasBreasts) {
  PHOTO51_NEEDS_SHARED_DATA("mias");
  auto options = views();
  options.mirror = {"right"};
  options.preprocess.size = {64, 64, 1};
  options.preprocess.fit = preprocess::SizeFit::resize;
  options.preprocess.antialias = true;
  options.preprocess.normalize = {
      .method = preprocess::NormalizeMethod::fixed, .mean = {0}, .std = {1}, .full_scale = 255};
  CohortOptions of;
  of.manifest = test::shared_data() / "mias" / "cohort.csv";
  const Cohort cohort(of, {{"breast", data::input(options)}}, {label_spec("abnormal", "binary")});
  ASSERT_EQ(cohort.size(), 121);
  const CaseLoader cases(cohort, {});
  int64_t left = 0;  // breasts whose chest wall, where the light is, lies at the picture's left
  for (int64_t row = 0; row < 12; ++row) {
    const auto input = cases.load(row).inputs.at("breast");
    ASSERT_EQ(input.values.sizes(), at::IntArrayRef({2, 1, 64, 64}));
    EXPECT_THAT(numbers(input.view), ElementsAre(0, 1));
    EXPECT_LE(input.values.max().item<float>(), 1.001F);
    for (int64_t i = 0; i < 2; ++i)
      left += input.values[i][0].narrow(1, 0, 24).mean().item<float>() >
              input.values[i][0].narrow(1, 40, 24).mean().item<float>();
  }
  EXPECT_GE(left, 22);  // as the data's README counts: 151 of 161 and 159 of 161
}

}  // namespace
}  // namespace photo51::data
