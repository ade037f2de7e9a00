#include "photo51/preprocess/bytes.hpp"

#include <ATen/ATen.h>

#include <cstring>

#include "photo51/config/enums.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;

/// Three channels of one slice that hold every byte.
std::vector<std::optional<imaging::Volume>> picture() {
  std::vector<std::optional<imaging::Volume>> channels;
  for (int64_t c = 0; c < 3; ++c) {
    imaging::Volume one;
    one.data = at::arange(256, at::kLong).mul(c + 1).remainder(256).to(at::kByte).view({1, 1, 16, 16});
    one.geometry.size = {16, 16, 1};
    one.geometry.spacing = {0.0005, 0.0005, 1};  // 1 / 0.0005 * 0.0005 need not be 1
    channels.emplace_back(std::move(one));
  }
  return channels;
}

std::vector<NormalizeOptions> by_value() {
  NormalizeOptions window;
  window.method = NormalizeMethod::window;
  window.window = {30, 200};
  NormalizeOptions one;
  one.method = NormalizeMethod::fixed;
  one.mean = {0.498};
  one.std = {0.502};
  one.full_scale = 255;
  NormalizeOptions three = one;
  three.mean = {0.485, 0.456, 0.406};
  three.std = {0.229, 0.224, 0.225};
  return {{}, window, one, three};
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0;
}

TEST(Bytes, LookedUpAreWhatPreparationGives) {
  for (const auto& normalize : by_value())
    for (const Interpolation interpolation :
         {Interpolation::linear, Interpolation::nearest, Interpolation::cubic}) {
      SCOPED_TRACE(config::name_of(normalize.method) + " " + config::name_of(interpolation));
      PreprocessOptions options;
      options.normalize = normalize;
      options.interpolation = interpolation;
      options.antialias = true;
      options.size = {16, 16, 1};
      options.fit = SizeFit::resize;
      ASSERT_TRUE(keeps_bytes(options, 3, {16, 16}));
      const Prepared floats = prepare(picture(), {}, false, options),
                     bytes = prepare_bytes(picture(), options);
      ASSERT_EQ(bytes.values.scalar_type(), at::kByte);
      EXPECT_EQ(bytes.geometry.size, floats.geometry.size);
      EXPECT_EQ(bytes.geometry.spacing, floats.geometry.spacing);
      EXPECT_EQ(bytes.geometry.origin, floats.geometry.origin);
      EXPECT_EQ(bytes.geometry.direction, floats.geometry.direction);
      const at::Tensor table = byte_values(normalize, 3);
      at::Tensor looked_up = at::empty_like(floats.values);
      for (int64_t c = 0; c < 3; ++c)
        looked_up[c] = table[c].index_select(0, bytes.values[c].flatten().to(at::kLong)).view({1, 16, 16});
      EXPECT_TRUE(same_bits(looked_up, floats.values));
    }
}

TEST(Bytes, AreKeptOnlyWhereNothingElseDecides) {
  const auto kept = [](auto change) {
    PreprocessOptions options;
    change(options);
    return keeps_bytes(options, 3, {16, 16});
  };
  EXPECT_TRUE(kept([](auto&) {}));
  EXPECT_TRUE(kept([](auto& o) { o.orientation = "none"; }));
  EXPECT_FALSE(kept([](auto& o) { o.orientation = "RAS"; }));
  EXPECT_FALSE(kept([](auto& o) { o.spacing = {1, 1, 1}; }));
  EXPECT_FALSE(kept([](auto& o) { o.size = {8, 8, 1}; }));
  EXPECT_FALSE(kept([](auto& o) { o.crop.around = CropAround::foreground; }));
  EXPECT_FALSE(kept([](auto& o) { o.bias_field_correction.method = BiasMethod::n4; }));
  for (const NormalizeMethod method :
       {NormalizeMethod::zscore, NormalizeMethod::percentile, NormalizeMethod::histogram})
    EXPECT_FALSE(kept([&](auto& o) { o.normalize.method = method; })) << config::name_of(method);
  EXPECT_FALSE(kept([](auto& o) {  // the preparation says what is wrong with it
    o.normalize.method = NormalizeMethod::fixed;
    o.normalize.mean = o.normalize.std = {1, 1};
  }));
}

TEST(Bytes, MisuseIsNamed) {
  auto channels = picture();
  channels[1].reset();
  PHOTO51_EXPECT_ERROR(prepare_bytes(channels, {}), usage, HasSubstr("none of them absent"));
  channels = picture();
  channels[1]->data = channels[1]->data.to(at::kFloat);
  PHOTO51_EXPECT_ERROR(prepare_bytes(channels, {}), usage, HasSubstr("channels of 8 bits"));
  channels = picture();
  channels[2]->data = channels[2]->data.narrow(2, 0, 8);
  PHOTO51_EXPECT_ERROR(prepare_bytes(channels, {}), usage, HasSubstr("the channels differ in size"));
  PHOTO51_EXPECT_ERROR(prepare_bytes({}, {}), usage, HasSubstr("there is no channel"));
}

TEST(Bytes, MirroringNeedsNoNumbers) {
  AugmentOptions options;
  EXPECT_TRUE(only_mirrors(options));
  options.flip = {Axis::x, Axis::y};
  EXPECT_TRUE(only_mirrors(options));
  options.color_jitter.emplace();
  EXPECT_FALSE(only_mirrors(options));
  const at::Tensor values = prepare_bytes(picture(), {}).values;
  const Augmentation augmentation = flips({Axis::x});
  const Prepared floats = prepare(picture(), {}, false, {});
  EXPECT_TRUE(at::equal(mirrored(values, augmentation).to(at::kFloat),
                        apply(floats.values, floats.geometry, augmentation, {})));
  EXPECT_TRUE(at::equal(mirrored(values, {}), values));
}

}  // namespace
}  // namespace photo51::preprocess
