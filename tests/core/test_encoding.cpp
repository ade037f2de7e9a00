#include "photo51/core/encoding.hpp"

#include "support/errors.hpp"

namespace photo51::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string utf8(const std::string& bytes, std::vector<std::string>* warnings = nullptr) {
  std::vector<std::string> own;
  return to_utf8(bytes, "t.csv", warnings != nullptr ? *warnings : own);
}

std::string utf16(const std::u16string& text, bool big_endian) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
    bytes += big_endian ? high : low;
    bytes += big_endian ? low : high;
  }
  return bytes;
}

TEST(Encoding, Utf8StaysAndItsMarkGoes) {
  std::vector<std::string> warnings;
  EXPECT_EQ(utf8("\xEF\xBB\xBFid,\xC3\xA4\n", &warnings), "id,\xC3\xA4\n");
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_FALSE(line_of_bad_utf8("\xF0\x9F\xA7\xA0").has_value());
}

TEST(Encoding, FindsWhatIsNotWellFormed) {
  // Overlong, a surrogate, above the last code, cut off, a continuation alone.
  for (const char* bad : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"})
    EXPECT_EQ(line_of_bad_utf8(std::string("a\nb") + bad), 2);
}

TEST(Encoding, Windows1252IsReadWithAWarningThatNamesTheLine) {
  std::vector<std::string> warnings;
  // A line that is UTF-8 stays as it is.
  EXPECT_EQ(utf8("id\n\xC3\xA4\nM\xFCller\n5 \x80\n", &warnings),
            "id\n\xC3\xA4\nM\xC3\xBCller\n5 \xE2\x82\xAC\n");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("t.csv:3: is not UTF-8 (2 such line(s)) and is read as Windows-1252"));
  PHOTO51_EXPECT_ERROR(utf8("id\n\x81\n"), data,
                       HasSubstr("t.csv:2: the text is neither UTF-8 nor Windows-1252"));
}

TEST(Encoding, Utf16ByItsMark) {
  for (const bool big_endian : {false, true}) {
    EXPECT_EQ(utf8(utf16(u"\uFEFFid,\u00E4\U0001F9E0\n", big_endian)), "id,\xC3\xA4\xF0\x9F\xA7\xA0\n");
    PHOTO51_EXPECT_ERROR(utf8(utf16(u"\uFEFFa\nb", big_endian) + "c"), data, HasSubstr("is cut off"));
    const std::u16string alone{0xFEFF, u'a', u'\n', 0xD800, u'b'};
    PHOTO51_EXPECT_ERROR(utf8(utf16(alone, big_endian)), data,
                         HasSubstr("t.csv:2: the UTF-16 text is damaged"));
  }
}

TEST(Encoding, WhatIsNoTextIsToldInWords) {
  PHOTO51_EXPECT_ERROR(utf8("PK\x03\x04zip"), data, HasSubstr("save the sheet as CSV"));
  PHOTO51_EXPECT_ERROR(utf8("\xD0\xCF\x11\xE0\xA1"), data, HasSubstr("save the sheet as CSV"));
  PHOTO51_EXPECT_ERROR(utf8(std::string("a\nb\0", 4)), data, HasSubstr("t.csv:2: holds a zero byte"));
}

}  // namespace
}  // namespace photo51::core
