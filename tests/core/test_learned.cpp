#include "core/learned.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Read>
std::string refused(const std::string& text, Read read) {
  return test::message_of(Fault::data, [&] {
    const auto json = parse_learned(text);
    read(Learned(json));
  });
}

TEST(Learned, ReadsWhatIsRight) {
  const auto json = parse_learned(
      R"({"a": [1, 2.5, -3], "n": 7, "t": "x", "f": true, "in": "8", "half": "5E-1", "l": ["p", "q"], "z": null})");
  const Learned all(json, "top");
  EXPECT_THAT(all.at("a").numbers(3), ElementsAre(1, 2.5, -3));
  EXPECT_EQ(all.at("n").whole(0, 7), 7);
  EXPECT_THAT(all.at("a").at(size_t{0}).whole(0, 1), 1);
  EXPECT_EQ(all.at("t").text(), "x");
  EXPECT_TRUE(all.at("f").flag());
  EXPECT_EQ(all.at("in").whole_in_text(8, 8), 8);
  EXPECT_EQ(all.at("half").number_in_text(0, 1), 0.5);
  EXPECT_THAT(all.at("l").different_texts(), ElementsAre("p", "q"));
  EXPECT_TRUE(all.has("a"));
  EXPECT_FALSE(all.has("z"));
  EXPECT_FALSE(all.has("b"));
  EXPECT_EQ(all.keys().size(), 8U);
}

TEST(Learned, NamesThePlaceTheFaultAndTheRemedy) {
  EXPECT_THAT(
      refused(R"({"fits": [{"offset": "x"}]})",
              [](const Learned& all) { all.at("fits").at(size_t{0}).at("offset").number(); }),
      AllOf(HasSubstr("`fits[0].offset`: is not a finite number"), HasSubstr("train the model again")));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.at("a"); }),
              HasSubstr("what was learned: is not an object"));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.has("a"); }), HasSubstr("is not an object"));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.keys(); }), HasSubstr("is not an object"));
  EXPECT_THAT(refused("{}", [](const Learned& all) { all.at("a"); }), HasSubstr("lacks `a`"));
  EXPECT_THAT(refused("{}", [](const Learned& all) { all.size(); }), HasSubstr("is not a list"));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.at(size_t{1}); }),
              HasSubstr("holds 1 entries only"));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.numbers(2); }),
              HasSubstr("holds 1 entries where 2 are needed"));
  EXPECT_THAT(refused("[1]", [](const Learned& all) { all.wholes(2, 0, 1); }),
              HasSubstr("holds 1 entries where 2 are needed"));
  EXPECT_THAT(refused("[1, null]", [](const Learned& all) { all.numbers(2); }),
              HasSubstr("`[1]`: is not a finite number"));
  EXPECT_THAT(refused("[1, -1]", [](const Learned& all) { all.numbers(2, 0); }),
              HasSubstr("`[1]`: -1 is outside 0 to"));
  EXPECT_THAT(refused("[1, 9]", [](const Learned& all) { all.wholes(2, 0, 8); }),
              HasSubstr("`[1]`: 9 is outside 0 to 8"));
  EXPECT_THAT(refused("[1.5]", [](const Learned& all) { all.wholes(1, 0, 8); }),
              HasSubstr("is not a whole number"));
  EXPECT_THAT(refused("[18446744073709551615]", [](const Learned& all) { all.wholes(1, -1, 8); }),
              HasSubstr("18446744073709551615 is outside -1 to 8"));
  EXPECT_THAT(refused("1", [](const Learned& all) { all.flag(); }), HasSubstr("is neither true nor false"));
  EXPECT_THAT(refused("1", [](const Learned& all) { all.text(); }), HasSubstr("is not text"));
  EXPECT_THAT(refused(R"("x")", [](const Learned& all) { all.number_in_text(); }),
              HasSubstr("is not a finite number"));
  EXPECT_THAT(refused(R"("inf")", [](const Learned& all) { all.number_in_text(); }),
              HasSubstr("is not a finite number"));
  EXPECT_THAT(refused(R"("2")", [](const Learned& all) { all.number_in_text(0, 1); }),
              HasSubstr("2 is outside 0 to 1"));
  EXPECT_THAT(refused(R"("2x")", [](const Learned& all) { all.whole_in_text(0, 1); }),
              HasSubstr("is not a whole number"));
  EXPECT_THAT(refused(R"("2")", [](const Learned& all) { all.whole_in_text(0, 1); }),
              HasSubstr("2 is outside 0 to 1"));
  EXPECT_THAT(refused(R"(["a", "a"])", [](const Learned& all) { all.different_texts(); }),
              HasSubstr("holds `a` twice"));
}

TEST(Learned, RefusesWhatIsNoJsonAndWhatIsTooDeep) {
  const auto nothing = [](const Learned&) {};
  EXPECT_THAT(refused("{", nothing), HasSubstr("is not valid JSON"));
  EXPECT_THAT(refused("[1e999]", nothing), HasSubstr("is not valid JSON"));
  EXPECT_THAT(refused("[NaN]", nothing), HasSubstr("is not valid JSON"));
  EXPECT_THAT(refused(std::string(1'000'000, '['), nothing), HasSubstr("is nested deeper than 32 levels"));
}

}  // namespace
}  // namespace photo51::core
