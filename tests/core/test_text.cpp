#include "photo51/core/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace photo51::core {
namespace {

TEST(Text, TrimSplitJoin) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, NumbersAreWholeWords) {
  EXPECT_EQ(parse_double(" 1.5e-3 "), 1.5e-3);
  EXPECT_EQ(parse_double("+2"), 2.0);
  EXPECT_EQ(parse_double("-.5"), -0.5);
  for (const char* wrong : {"", " ", "1,5", "1.5mm", "0x", "1 2", "+", "+-3", "--1", "e5"})
    EXPECT_FALSE(parse_double(wrong).has_value()) << wrong;
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_int("+12"), 12);
  for (const char* wrong : {"", "1.0", "1e3", "99999999999999999999", "twelve", "+-1"})
    EXPECT_FALSE(parse_int(wrong).has_value()) << wrong;
}

TEST(Text, NumbersRoundTrip) {
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_number(3.0), "3");
  EXPECT_EQ(format_number(0.1F), "0.1");
  EXPECT_EQ(format_number(std::nan("")), "nan");
  EXPECT_EQ(format_number(-std::numeric_limits<double>::infinity()), "-inf");
  for (const double value : {1.0 / 3, 1e-300, 123456789.123456789, -0.0, 5e-324})
    EXPECT_EQ(parse_double(format_number(value)), value);
  EXPECT_EQ(format_fixed(0.12345, 3), "0.123");
  EXPECT_EQ(format_fixed(2, 2), "2.00");
  EXPECT_EQ(format_fixed(std::nan(""), 2), "nan");
}

TEST(Text, SuggestsTheNearestName) {
  const std::vector<std::string> names{"resnet", "densenet", "vit", "lr"};
  EXPECT_EQ(nearest_name("resent", names), "resnet");
  EXPECT_EQ(nearest_name("resnet18", names), "resnet");
  EXPECT_EQ(nearest_name("lr_rate", names), "lr");
  EXPECT_EQ(nearest_name("transformer", names), "");
  EXPECT_EQ(suggest("resnt", names), " (did you mean `resnet`?)");
  EXPECT_EQ(suggest("transformer", names), " (one of: resnet, densenet, vit, lr)");
  EXPECT_EQ(suggest("x", {}), "");
}

TEST(Text, SuggestionsStayShortAmongManyNames) {
  std::vector<std::string> names;
  for (int i = 0; i < 300'000; ++i) names.push_back("gene_" + std::to_string(i));
  EXPECT_EQ(nearest_name("gene_299999x", names), "gene_299999");
  const std::string text = suggest("nothing like these", names);
  EXPECT_TRUE(text.ends_with(" and 299940 more)")) << text;
  EXPECT_LT(text.size(), 1000U);
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), {std::string(100'000, 'y')}), "");
}

TEST(Text, NumbersThatFitAFloat) {
  for (const double fits : {0.0, -3.4e38, 1e-300}) EXPECT_TRUE(fits_float(fits)) << fits;
  for (const double wrong : {1e39, -1e308, std::nan(""), std::numeric_limits<double>::infinity()})
    EXPECT_FALSE(fits_float(wrong)) << wrong;
}

}  // namespace
}  // namespace photo51::core
