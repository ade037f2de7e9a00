#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"

namespace photo51::core {
namespace {

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

}  // namespace
}  // namespace photo51::core
