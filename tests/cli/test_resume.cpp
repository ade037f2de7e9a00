// A run killed in the middle and resumed ends with the bytes of a run that was left alone.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

std::vector<std::string> train_arguments(const std::filesystem::path& run) {
  return {"train",  tiny_config().string(), manifest_override(), "train.epochs=30", "--out", run.string(),
          "--quiet"};
}

size_t epochs_logged(const std::filesystem::path& run) {
  const std::string log = slurp(run / "log.jsonl");
  return static_cast<size_t>(std::count(log.begin(), log.end(), '\n'));
}

TEST(Resume, AfterKillEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  const auto whole = folder / "whole";
  const Outcome uninterrupted = run_program(train_arguments(whole));
  ASSERT_EQ(uninterrupted.exit_code, 0) << uninterrupted.err;

  const auto killed = folder / "killed";
  for (const size_t after : {size_t{3}, size_t{12}}) {  // killed twice, at different epochs
    auto arguments = train_arguments(killed);
    if (after > 3) arguments.emplace_back("--resume");
    const pid_t child = start_program(arguments, folder.path());
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (epochs_logged(killed) < after && std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), -SIGKILL)
        << "it ended before it could be killed: " << slurp(folder / "stderr.txt");
  }
  EXPECT_FALSE(std::filesystem::exists(killed / "predictions.csv"));
  auto arguments = train_arguments(killed);
  arguments.emplace_back("--resume");
  const Outcome resumed = run_program(arguments);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  const std::string expected = slurp(whole / "predictions.csv");
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(slurp(killed / "predictions.csv"), expected);
  EXPECT_EQ(slurp(killed / "metrics.csv"), slurp(whole / "metrics.csv"));
}

TEST(Resume, InterruptSavesAndSaysSo) {
  const TemporaryFolder folder;
  const auto run = folder / "run";
  const pid_t child = start_program(train_arguments(run), folder.path());
  while (epochs_logged(run) < 2 && ::kill(child, 0) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 130);
  auto arguments = train_arguments(run);
  arguments.emplace_back("--resume");
  EXPECT_EQ(run_program(arguments).exit_code, 0);
}

}  // namespace
}  // namespace photo51::test
