#include "photo51/core/shown.hpp"

#include <gtest/gtest.h>

namespace photo51::core {
namespace {

TEST(Shown, WhatCommandsATerminalOrHidesIsSpelt) {
  EXPECT_EQ(shown("P1 \xC3\xA4 \xE6\x9D\xB1 \xF0\x9F\xA7\xAC \\"),
            "P1 \xC3\xA4 \xE6\x9D\xB1 \xF0\x9F\xA7\xAC \\");
  EXPECT_EQ(shown("a\x1B[2Jb\a"), "a\\x1b[2Jb\\x07");
  EXPECT_EQ(shown("a\nphoto51: forged\r\t\x7F"), "a\\nphoto51: forged\\r\\t\\x7f");
  EXPECT_EQ(shown("\xC2\x9B"
                  "31m"),
            "\\x9b31m")
      << "CSI in one character";
  EXPECT_EQ(shown("\xE2\x80\xAE"
                  "gpj.exe"),
            "\\u202egpj.exe");
  EXPECT_EQ(shown("a\xE2\x80\xA8"
                  "b\xEF\xBB\xBF"),
            "a\\u2028b\\ufeff");
  EXPECT_EQ(shown("\xF3\xA0\x80\xA1"), "\\ue0021") << "a tag that is not seen";
  EXPECT_EQ(shown("K\xF6ln"), "K\\xf6ln");
  EXPECT_EQ(shown(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_TRUE(is_plain("K\xC3\xB6ln, \xE2\x80\x8D"));
  for (const char* odd : {"\x1B", "\n", "\xC2\x9B", "\xE2\x80\xAE", "\xF6"}) EXPECT_FALSE(is_plain(odd));
}

TEST(Shown, OfALongTextTheEndIsLeftOut) {
  EXPECT_EQ(shown(std::string(10, 'x'), 10), "xxxxxxxxxx");
  EXPECT_EQ(shown(std::string(20, 'x'), 10), "xxxxxxxxxxx… (9 bytes more)");
  EXPECT_LT(shown(std::string(1 << 20, 'x')).size(), longest_message + 100);
}

}  // namespace
}  // namespace photo51::core
