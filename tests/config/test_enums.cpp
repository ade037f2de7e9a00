#include "photo51/config/enums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "photo51/config/read.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/config/validate.hpp"
#include "support/errors.hpp"

namespace photo51::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Color { red, dark_blue, none };
std::span<const std::string_view> enum_names(Color) {
  static constexpr std::array<std::string_view, 3> names{"red", "dark blue", "null"};
  return names;
}

struct Paint {
  Color color = Color::dark_blue;
  Color wall = Color::red;
  std::vector<Color> strips{Color::none, Color::red};
  std::vector<Color> frames;
};
void describe(Fields& f, Paint& o) {
  f("color", o.color, "of the paint");
  f("wall", o.wall, "that it stands on", {.one_of = {"red", "dark blue"}});
  f("strips", o.strips, "beside each other");
  f("frames", o.frames, "of the windows", {.one_of = {"red", "dark blue"}, .lone = true});
}

Paint parse_paint(const std::string& yaml) {
  Paint paint;
  read(parse_yaml(yaml, "p.yaml"), paint);
  return paint;
}

TEST(Enum, IsReadByName) {
  EXPECT_EQ(parse_paint("").color, Color::dark_blue);
  EXPECT_EQ(parse_paint("color: red").color, Color::red);
  EXPECT_EQ(parse_paint("wall: dark blue").wall, Color::dark_blue);
  EXPECT_EQ(name_of(Color::dark_blue), "dark blue");
}

TEST(Enum, ErrorsListTheNames) {
  PHOTO51_EXPECT_ERROR(
      parse_paint("color: redd"), usage,
      "p.yaml:1: color: `redd` is not a valid value (did you mean `red`?); it takes red, dark blue, null");
  PHOTO51_EXPECT_ERROR(parse_paint("wall: 'null'"), usage, HasSubstr("; it takes red, dark blue"));
  PHOTO51_EXPECT_ERROR(parse_paint("color: [red]"), usage, "p.yaml:1: color: expected text, got a list");
}

TEST(Enum, ListsAreReadByName) {
  EXPECT_THAT(parse_paint("").strips, ElementsAre(Color::none, Color::red));
  EXPECT_THAT(parse_paint("strips: [red, dark blue, red]").strips,
              ElementsAre(Color::red, Color::dark_blue, Color::red));
  EXPECT_THAT(parse_paint("strips: []").strips, IsEmpty());
  EXPECT_THAT(parse_paint("frames: dark blue").frames, ElementsAre(Color::dark_blue));
  EXPECT_THAT(parse_paint("frames: ''").frames, IsEmpty());
  EXPECT_THAT(values_of<Color>(), ElementsAre(Color::red, Color::dark_blue, Color::none));
  PHOTO51_EXPECT_ERROR(parse_paint("strips: [red,\n  redd]"), usage,
                       "p.yaml:2: strips: `redd` is not a valid value (did you mean `red`?); it takes red, "
                       "dark blue, null");
  PHOTO51_EXPECT_ERROR(parse_paint("frames: 'null'"), usage, HasSubstr("; it takes red, dark blue"));
  PHOTO51_EXPECT_ERROR(parse_paint("strips: red"), usage, "p.yaml:1: strips: expected a list, got `red`");
  PHOTO51_EXPECT_ERROR(parse_paint("strips: [[red]]"), usage, "p.yaml:1: strips: expected text, got a list");
}

TEST(Enum, ADumpReadsBack) {
  for (const Color color : {Color::red, Color::dark_blue, Color::none}) {
    Paint paint;
    paint.color = color;
    const Node node = dump(paint);
    EXPECT_EQ(node.find("color")->text, name_of(color));
    EXPECT_EQ(parse_paint(to_yaml(node)).color, color);
  }
  Paint paint;
  EXPECT_THAT(to_yaml(dump(paint)), HasSubstr("strips: [\"null\", red]\nframes: []\n"));
  paint.strips = values_of<Color>();
  EXPECT_EQ(parse_paint(to_yaml(dump(paint))).strips, paint.strips);
}

TEST(Enum, IsDocumentedAsTextOfFixedNames) {
  Paint paint;
  const Section section{[&](Fields& f) { describe(f, paint); }, {}, {}};
  EXPECT_THAT(field_lines(section),
              HasSubstr("  color  (red | dark blue | null) [dark blue]  of the paint\n"));
  const auto schema = nlohmann::json::parse(json_schema(section, "paint"));
  EXPECT_EQ(schema.at("properties").at("wall").at("enum"), nlohmann::json({"red", "dark blue"}));
  EXPECT_THAT(field_lines(section),
              HasSubstr("  strips  (list of red | dark blue | null) [[null, red]]  beside each other\n"));
  const auto& strips = schema.at("properties").at("strips");
  EXPECT_EQ(strips.at("type"), "array");
  EXPECT_EQ(strips.at("items").at("enum"), nlohmann::json({"red", "dark blue", "null"}));
  EXPECT_EQ(schema.at("properties").at("frames").at("anyOf").at(0).at("enum"),
            nlohmann::json({"red", "dark blue"}));
}

TEST(Enum, AValueWithoutANameIsRefused) {
  Paint paint;
  EXPECT_NO_THROW(validate(paint, ""));
  paint.color = static_cast<Color>(7);
  PHOTO51_EXPECT_ERROR(validate(paint, ""), usage,
                       "color: is the number 7, which has no name; it takes red, dark blue, null");
  paint = {};
  paint.wall = Color::none;
  PHOTO51_EXPECT_ERROR(validate(paint, ""), usage, HasSubstr("wall: `null` is not a valid value"));
  paint = {};
  paint.strips.push_back(static_cast<Color>(3));
  PHOTO51_EXPECT_ERROR(validate(paint, ""), usage,
                       "strips: is the number 3, which has no name; it takes red, dark blue, null");
  paint = {};
  paint.frames = {Color::red, Color::none};
  PHOTO51_EXPECT_ERROR(validate(paint, ""), usage, HasSubstr("frames: `null` is not a valid value"));
}

}  // namespace
}  // namespace photo51::config
