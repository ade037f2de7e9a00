#include "photo51/nn/weights/made_for.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::HasSubstr;

TEST(MadeFor, ReadsWhatItWrites) {
  const MadeFor made{
      .mean = {0.485, 0.456}, .std = {0.2, 0.3}, .range = {{-175, 250}}, .spacing = {1, 1, 2.5}};
  const MadeFor again = made_for({{preprocessing_key, to_json(made)}});
  EXPECT_EQ(again.mean, made.mean);
  EXPECT_EQ(again.std, made.std);
  EXPECT_EQ(again.range, made.range);
  EXPECT_EQ(again.spacing, made.spacing);
  EXPECT_TRUE(made_for({}).empty());
  EXPECT_TRUE(made_for({{preprocessing_key, to_json({})}}).empty());
}

TEST(MadeFor, BrokenEntriesAreNamed) {
  const auto failure = [](const std::string& json) {
    return message_of(core::Fault::data, [&] { made_for({{preprocessing_key, json}}); });
  };
  EXPECT_THAT(failure("nonsense"), HasSubstr("JSON"));
  EXPECT_THAT(failure(R"({"mean": [0.5]})"),
              HasSubstr("`preprocessing`: has other numbers of `mean` than of `std`"));
  EXPECT_THAT(failure(R"({"mean": [0.5], "std": [0]})"), HasSubstr("std"));
  EXPECT_THAT(failure(R"({"mean": []})"), HasSubstr("has no number of channels or axes"));
  EXPECT_THAT(failure(R"({"range": [1, 1]})"), HasSubstr("does not rise"));
  EXPECT_THAT(failure(R"({"range": [1]})"), HasSubstr("range"));
  EXPECT_THAT(failure(R"({"spacing": ["x"]})"), HasSubstr("spacing"));
}

}  // namespace
}  // namespace photo51::nn
