#include "photo51/core/json.hpp"

#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

TEST(JsonText, HoldsNothingThatCommandsATerminalAndReadsBack) {
  const std::string name = "a\x1B[2J\xC2\x9B\x7F\xE2\x80\xAE\xF3\xA0\x80\xA1\xC3\xA4\n";
  const Json json{{name, Json::array({name, 1.5, nullptr})}};
  for (const int indent : {-1, 2}) {
    const std::string text = json_text(json, indent);
    EXPECT_TRUE(is_plain(indent < 0 ? text : "")) << text;
    EXPECT_THAT(text, AllOf(HasSubstr("\\u009b"), HasSubstr("\\u202e"), HasSubstr("\xC3\xA4")));
    EXPECT_EQ(Json::parse(text), json);
  }
}

TEST(JsonText, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(json_text(Json{{"path", "K\xF6ln"}}), "{\"path\":\"K\xEF\xBF\xBDln\"}");
}

TEST(ParseJson, TakesWhatIsJsonAndNotTooDeep) {
  EXPECT_EQ(parse_json("[1]").value(), Json::array({1}));
  for (const char* wrong : {"", "{", "nothing", "[1] 2", "\"\xF6\"", "1e999"})
    EXPECT_FALSE(parse_json(wrong).has_value()) << wrong;
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(90)).has_value());
  EXPECT_FALSE(parse_json(nested(200)).has_value());
  EXPECT_FALSE(parse_json(nested(1'000'000)).has_value());
}

TEST(ReadJsonObject, BrokenFilesAreNamedAndNotQuoted) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "a.json", R"({"n": 3})");
  EXPECT_EQ(read_json_object(folder / "a.json", "do this")["n"], 3);
  for (const char* wrong : {"[1]", "secret", "{\"secret\": "}) {
    write_file_atomic(folder / "b.json", wrong);
    PHOTO51_EXPECT_ERROR(
        read_json_object(folder / "b.json", "do this"), data,
        AllOf(HasSubstr("b.json: is broken (it is no object of JSON); do this"), Not(HasSubstr("secret"))));
  }
  PHOTO51_EXPECT_ERROR(read_json_object(folder / "c.json", "do this"), data, HasSubstr("no such file"));
  std::filesystem::resize_file(folder / "b.json", (16 << 20) + 1);
  PHOTO51_EXPECT_ERROR(read_json_object(folder / "b.json", "do this"), data,
                       HasSubstr("at most 16.0 MiB are read"));
}

}  // namespace
}  // namespace photo51::core
