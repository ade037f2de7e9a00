#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/terminal.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What goes to standard error; standard output must stay empty.
template <class Body>
std::string standard_error(Body body) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  body();
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  return ::testing::internal::GetCapturedStderr();
}

std::string run(ProgressStyle style, int pause_ms = 0) {
  set_progress_style(style);
  const auto text = standard_error([&] {
    Progress progress("epoch 1", 4);
    for (int i = 0; i < 4; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
      progress.advance(1, "loss 0.5");
    }
  });
  set_progress_style(ProgressStyle::automatic);
  return text;
}

TEST(Progress, QuietSaysNothing) {
  EXPECT_EQ(run(ProgressStyle::quiet), "");
}

TEST(Progress, LinesEndWithATotal) {
  const auto text = run(ProgressStyle::lines);
  EXPECT_THAT(text, HasSubstr("epoch 1: 4/4, "));
  EXPECT_THAT(text, HasSubstr("took 00:00, loss 0.5\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Progress, BarIsRedrawnAndEndsItsLine) {
  const auto text = run(ProgressStyle::bar, 110);
  EXPECT_THAT(text, HasSubstr("\repoch 1 [######..................] 1/4  "));
  EXPECT_THAT(text, HasSubstr("[########################] 4/4"));
  EXPECT_THAT(text, HasSubstr("/s  00:00 left  loss 0.5"));
  EXPECT_EQ(text.back(), '\n');
}

TEST(Progress, JsonIsOneObjectALine) {
  const auto json = nlohmann::json::parse(run(ProgressStyle::json));
  EXPECT_EQ(json.at("progress"), "epoch 1");
  EXPECT_EQ(json.at("done"), 4);
  EXPECT_EQ(json.at("total"), 4);
  EXPECT_EQ(json.at("note"), "loss 0.5");
}

TEST(Progress, AppearsWithinASecondBeforeTheFirstStepIsDone) {
  for (const auto style : {ProgressStyle::bar, ProgressStyle::lines, ProgressStyle::json}) {
    set_progress_style(style);
    ::testing::internal::CaptureStderr();
    Progress progress("hashing", 3, Progress::Show::if_slow);
    std::this_thread::sleep_for(std::chrono::milliseconds(950));
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("hashing"));
  }
  set_progress_style(ProgressStyle::automatic);
}

TEST(Progress, WhatIsSoonOverIsNotShown) {
  set_progress_style(ProgressStyle::lines);
  EXPECT_EQ(standard_error([] {
              Progress progress("brief", 3, Progress::Show::if_slow);
              progress.advance(3);
            }),
            "");
  set_progress_style(ProgressStyle::automatic);
}

TEST(Progress, StepsOfAnEarlierRunDoNotCountInTheRate) {
  set_progress_style(ProgressStyle::json);
  const auto text = standard_error([] {
    Progress progress("fold 1", 2000, Progress::Show::always, 1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    progress.advance();
  });
  set_progress_style(ProgressStyle::automatic);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.at("done"), 1001);
  EXPECT_LT(json.at("rate").get<double>(), 11);
  EXPECT_GT(json.at("left_s").get<double>(), 90);
}

TEST(Progress, BarKeepsToOneLineAtAnyWidth) {
  set_progress_style(ProgressStyle::bar);
  for (const int columns : {200, 60, 40, 20, 5, 1}) {
    ::setenv("COLUMNS", std::to_string(columns).c_str(), 1);
    const auto text = standard_error([] {
      Progress progress("describing \xE6\x9D\xB1\xE4\xBA\xAC", 2);
      progress.advance(2, "case P\xC3\xB6, loss 0.1234, validation loss 0.5678, metric 0.912");
    });
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    const auto begin = text.rfind('\r') + 1;
    const auto line = text.substr(begin, text.find("\x1B[K", begin) - begin);
    EXPECT_LT(display_width(line), std::max(2, columns)) << columns;
    if (columns >= 40) {
      EXPECT_THAT(line, AllOf(HasSubstr("2/2"), HasSubstr("00:00 left")));
    }
  }
  ::unsetenv("COLUMNS");
  set_progress_style(ProgressStyle::automatic);
}

TEST(Progress, WarningsTakeTheBarsPlace) {
  set_progress_style(ProgressStyle::bar);
  const auto text = standard_error([] {
    Progress progress("epoch 1", 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.advance();
    log_warning("look");
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.advance();
  });
  set_progress_style(ProgressStyle::automatic);
  EXPECT_THAT(text, HasSubstr("\x1B[K\r\x1B[K"));  // drawn, then cleared
  const auto warning = text.find("look\n");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_THAT(text.substr(warning), HasSubstr("2/2"));
}

TEST(Progress, TextThatIsNotUtf8IsStillJson) {
  set_progress_style(ProgressStyle::json);
  const auto text = standard_error([] {
    Progress progress("input K\xF6ln", 1);
    progress.advance();
  });
  set_progress_style(ProgressStyle::automatic);
  EXPECT_EQ(nlohmann::json::parse(text).at("progress"), "input K\xEF\xBF\xBDln");
}

TEST(Progress, NothingDoneIsNotShown) {
  set_progress_style(ProgressStyle::lines);
  EXPECT_EQ(standard_error([] { Progress progress("empty", 0); }), "");
  set_progress_style(ProgressStyle::automatic);
}

TEST(Log, LevelsBelowTheChosenOneAreDropped) {
  const auto say_all = [] {
    log_debug("a debug line");
    log_info("an info line");
    log_warning("a warning line");
    log_error("an error line");
  };
  set_log_level(LogLevel::warning);
  const auto some = standard_error(say_all);
  EXPECT_THAT(some, Not(HasSubstr("info line")));
  EXPECT_THAT(some, HasSubstr("a warning line"));
  EXPECT_THAT(some, HasSubstr("an error line"));
  set_log_level(LogLevel::off);
  EXPECT_EQ(standard_error(say_all), "");
  set_log_level(LogLevel::debug);
  EXPECT_THAT(standard_error(say_all), HasSubstr("a debug line"));
  set_log_level(LogLevel::error);
  EXPECT_THAT(standard_error(say_all), Not(HasSubstr("warning line")));
  set_log_level(LogLevel::info);
  EXPECT_THAT(standard_error(say_all), HasSubstr("an info line"));
}

TEST(Log, AMessageIsOneLineThatCommandsNothing) {
  const auto text = standard_error([] { log_warning("case P1\x1B[2J\nphoto51: done\xC2\x9B"); });
  EXPECT_THAT(text, HasSubstr("case P1\\x1b[2J\\nphoto51: done\\x9b\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Progress, LinesCommandNothing) {
  set_progress_style(ProgressStyle::lines);
  const auto text = standard_error([] {
    Progress progress("a\x1B[2J", 1);
    progress.advance(1, "b\nc");
  });
  set_progress_style(ProgressStyle::automatic);
  EXPECT_THAT(text, AllOf(HasSubstr("a\\x1b[2J"), HasSubstr("b\\nc")));
}

}  // namespace
}  // namespace photo51::core
