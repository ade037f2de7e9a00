#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/format_text.hpp"
#include "report/svg.hpp"

namespace photo51::report {
namespace {

TEST(Svg, EscapesAndEncodes) {
  EXPECT_EQ(escape("a<b & \"c\" 'd'>"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
  // RFC 4648's examples.
  EXPECT_EQ(data_uri("fo"), "data:image/png;base64,Zm8=");
  EXPECT_EQ(data_uri("foobar"), "data:image/png;base64,Zm9vYmFy");
  EXPECT_EQ(data_uri("foob"), "data:image/png;base64,Zm9vYg==");
  EXPECT_EQ(data_uri("\xff\xfe"), "data:image/png;base64,//4=");
}

TEST(Svg, AxesAreRoundAndHoldTheValues) {
  const auto axis = axis_for(0.13, 0.94, "x");
  EXPECT_DOUBLE_EQ(axis.low, 0);
  EXPECT_DOUBLE_EQ(axis.high, 1);
  ASSERT_EQ(axis.ticks.size(), 6U);
  EXPECT_DOUBLE_EQ(axis.ticks[1], 0.2);
  const auto flat = axis_for(3, 3, "x");
  EXPECT_LE(flat.low, 3);
  EXPECT_GT(flat.high, 3);
}

TEST(Svg, DataStandWhereTheAxesSay) {
  Plot plot(200, 144, {0, 10, "x", {0, 10}}, {0, 1, "y", {0, 1}}, "a <plot>");
  EXPECT_EQ(plot.at_x(0), plot.left());
  EXPECT_EQ(plot.at_x(10), 180);
  EXPECT_EQ(plot.at_y(0), plot.bottom());
  EXPECT_EQ(plot.at_y(1), 10);
  plot.line("trace", {{0, 0}, {10, 1}}, "#123456");
  plot.dot("here", 5, 0.5, 3, nullptr, "tip & more");
  const auto svg = plot.done();
  EXPECT_THAT(svg, testing::HasSubstr(
                       "<polyline class=\"trace\" stroke=\"#123456\" points=\"58.0,100.0 180.0,10.0\"/>"));
  EXPECT_THAT(
      svg, testing::HasSubstr("cx=\"119.0\" cy=\"55.0\" r=\"3.0\"><title>tip &amp; more</title></circle>"));
  EXPECT_THAT(svg, testing::HasSubstr("aria-label=\"a &lt;plot&gt;\""));
}

TEST(Words, Numbers) {
  EXPECT_EQ(with_interval(0.8412, 0.7, 0.9), "0.84 (0.70–0.90)");
  EXPECT_EQ(with_interval(-0.1, -0.5, 0.25), "−0.10 (−0.50 to 0.25)");
  EXPECT_EQ(with_interval(0.8412, 0.5, 0.5), "0.84");
  EXPECT_EQ(with_interval(0.8412, std::nan(""), 1), "0.84");
  EXPECT_EQ(p_words(0.0004), "p < 0.001");
  EXPECT_EQ(p_words(0.0234), "p = 0.023");
  EXPECT_EQ(p_words(0.61), "p = 0.61");
  EXPECT_EQ(p_words(std::nan("")), "p undefined");
  EXPECT_EQ(share_words(3, 8), "3 of 8 (38 %)");
  EXPECT_EQ(share_words(0, 0), "0 of 0");
}

}  // namespace
}  // namespace photo51::report
