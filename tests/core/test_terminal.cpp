#include "core/terminal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace photo51::core {
namespace {

TEST(Terminal, WidthOfWideAndCombiningCharacters) {
  EXPECT_EQ(display_width("loss 0.5"), 8);
  EXPECT_EQ(display_width("K\xC3\xB6ln"), 4);               // ö as one character
  EXPECT_EQ(display_width("Ko\xCC\x88ln"), 4);              // o and a combining diaeresis
  EXPECT_EQ(display_width("\xE6\x9D\xB1\xE4\xBA\xAC"), 4);  // two wide characters
  EXPECT_EQ(display_width("\xF0\x9F\xA7\xAC"), 2);          // a pictograph
  EXPECT_EQ(display_width("K\xF6ln"), 4);                   // Latin-1: the byte counts one
}

TEST(Terminal, LinesAreCutBetweenCharacters) {
  EXPECT_EQ(fit_line("fold 1 of 5", 6), "fold 1");
  EXPECT_EQ(fit_line("fold", 80), "fold");
  EXPECT_EQ(fit_line("K\xC3\xB6ln", 2), "K\xC3\xB6");
  EXPECT_EQ(fit_line("\xE6\x9D\xB1\xE4\xBA\xAC", 3), "\xE6\x9D\xB1");
  EXPECT_EQ(fit_line("Ko\xCC\x88ln", 2), "Ko\xCC\x88");
  EXPECT_EQ(fit_line("a\nb\tc\x1B[2J", 80), "a b c [2J");
  EXPECT_EQ(fit_line("K\xF6ln", 80), "K\xEF\xBF\xBDln");
  EXPECT_EQ(fit_line("\xE6\x9D", 80), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(fit_line("anything", 0), "");
}

TEST(Terminal, ColumnsFromTheEnvironmentWhereThereIsNoTerminal) {
  ::testing::internal::CaptureStderr();  // a file
  ::setenv("COLUMNS", "33", 1);
  EXPECT_EQ(terminal_columns(), 33);
  ::setenv("COLUMNS", "wide", 1);
  EXPECT_EQ(terminal_columns(), 80);
  ::unsetenv("COLUMNS");
  EXPECT_EQ(terminal_columns(), 80);
  draw_bar(std::string(200, 'x'));
  EXPECT_TRUE(bar_is_drawn());
  clear_bar();
  EXPECT_FALSE(bar_is_drawn());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "\r" + std::string(79, 'x') + "\x1B[K\r\x1B[K");
}

}  // namespace
}  // namespace photo51::core
