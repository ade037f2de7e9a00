// Ctrl-C works at all times, files that never end are refused, failures are one line.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

void wait_until(const std::function<bool()>& ready) {
  const auto patience = Clock::now() + std::chrono::minutes(1);
  while (!ready() && Clock::now() < patience) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

/// Interrupts a command once `ready`; it must end within two seconds.
void interrupted(const std::vector<std::string>& arguments, const TemporaryFolder& folder,
                 const std::function<bool()>& ready, int signal = SIGINT) {
  const pid_t child = start_program(arguments, folder.path());
  wait_until(ready);
  const auto begin = Clock::now();
  ASSERT_EQ(::kill(child, signal), 0);
  EXPECT_EQ(wait_for(child), 130) << slurp(folder / "stderr.txt");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
  EXPECT_THAT(slurp(folder / "stderr.txt"), HasSubstr("interrupted"));
}

TEST(Interrupt, PhantomEndsAtOnce) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    interrupted(
        {"phantom", "--out", (folder / "p").string(), "--patients", "5000"}, folder,
        [&] { return std::filesystem::exists(folder / "p/P0001"); }, signal);
    EXPECT_FALSE(std::filesystem::exists(folder / "p/cohort.csv"));
  }
}

TEST(Interrupt, RadiomicsEndsAtOnceAndSaysSoInJson) {
  const TemporaryFolder folder;
  std::ofstream manifest(folder / "many.csv");
  manifest << "image,mask\n";
  std::istringstream text(slurp(cohort() / "cohort.csv"));
  std::vector<std::filesystem::path> images;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cohort()))
    if (entry.path().filename() == "flair.nii.gz") images.push_back(entry.path());
  ASSERT_FALSE(images.empty());
  for (int i = 0; i < 500; ++i)
    for (const auto& image : images)
      manifest << image.string() << "," << (image.parent_path() / "seg.nii.gz").string() << "\n";
  manifest.close();
  interrupted({"radiomics", "--json", "--cases", (folder / "many.csv").string(), "--out",
               (folder / "f.csv").string()},
              folder, [&] { return slurp(folder / "stderr.txt").find("progress") != std::string::npos; });
  const std::string err = slurp(folder / "stderr.txt");
  const auto last = err.rfind('\n', err.size() - 2);
  const auto json = nlohmann::json::parse(err.substr(last + 1));
  EXPECT_EQ(json.at("exit_code"), 130);
  EXPECT_FALSE(std::filesystem::exists(folder / "f.csv"));
}

TEST(Interrupt, ATrainingThatOnlyPreparesEndsAtOnceAndGoesOn) {
  const TemporaryFolder folder;
  const auto run = folder / "run";
  // Killed as soon as the folder is there: before or in the first epoch.
  std::vector<std::string> arguments{
      "train", tiny_config().string(), manifest_override(), "train.epochs=2", "--out", run.string()};
  const pid_t child = start_program(arguments, folder.path());
  wait_until([&] { return std::filesystem::exists(run / "config.yaml"); });
  ::kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 130);
  EXPECT_THAT(slurp(folder / "stderr.txt"), HasSubstr("--resume"));
  arguments.emplace_back("--resume");
  EXPECT_EQ(run_program(arguments).exit_code, 0);
}

TEST(Pipes, AreRefusedByEveryCommand) {
  const TemporaryFolder folder;
  const auto fifo = (folder / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::vector<std::vector<std::string>> commands{
      {"inspect", fifo},
      {"inspect", fifo + ".dcm"},
      {"radiomics", fifo, fifo},
      {"radiomics", "--cases", fifo, "--out", (folder / "o.csv").string()},
      {"train", fifo, "--out", (folder / "run").string()},
      {"train", tiny_config().string(), "cohort.manifest=" + fifo, "--out", (folder / "run").string()},
      {"predict", fifo, "--input", "mri.flair=" + fifo},
      {"spots", fifo, "--out", (folder / "s").string()},
      {"doctor", tiny_config().string(), "cohort.manifest=" + fifo}};
  ASSERT_EQ(::mkfifo((fifo + ".dcm").c_str(), 0600), 0);
  for (const auto& arguments : commands) {
    const pid_t child = start_program(arguments, folder.path());
    const auto begin = Clock::now();
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0 && Clock::now() - begin < std::chrono::seconds(20))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!WIFEXITED(status) || Clock::now() - begin >= std::chrono::seconds(20)) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      ADD_FAILURE() << arguments[0] << " waits at a pipe";
      continue;
    }
    EXPECT_GE(WEXITSTATUS(status), 2) << arguments[0];
    EXPECT_THAT(slurp(folder / "stderr.txt") + slurp(folder / "stdout.txt"),
                ::testing::AnyOf(HasSubstr("regular file"), HasSubstr("no run folder"),
                                 HasSubstr("not a folder"), HasSubstr("no model"), HasSubstr("neither")))
        << arguments[0];
  }
}

/// The program under limits that a shell sets.
Outcome limited(const std::string& limits, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  std::string command = limits + "; exec " + PHOTO51_PROGRAM;
  for (const auto& argument : arguments) command += " '" + argument + "'";
  command += " >" + (folder / "out").string() + " 2>" + (folder / "err").string();
  const int status = std::system(("bash -c \"" + command + "\"").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out"), slurp(folder / "err")};
}

size_t lines_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Failures, OutOfMemoryIsOneLineThatSaysWhatToLower) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer reserves more";
#endif
  const TemporaryFolder folder;
  // An image of 4 GB beside its mask.
  const Outcome outcome = limited(
      "ulimit -v 5000000", {"train", tiny_config().string(), manifest_override(), "--quiet", "--out",
                            (folder / "run").string(), "inputs.mri.preprocess.size=[1000, 1000, 1000]"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(lines_of(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("out of memory"), HasSubstr("train.batch_size"),
                                 HasSubstr("preprocess.size"), Not(HasSubstr("frame #"))));
}

TEST(Failures, ThreadsThatCannotBeStarted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to become a user without processes";
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const auto as_nobody = [&](const std::vector<std::string>& arguments) {
    std::string command =
        std::string("ulimit -u 1; exec setpriv --reuid=65534 --clear-groups ") + PHOTO51_PROGRAM;
    for (const auto& argument : arguments) command += " '" + argument + "'";
    command += " >" + (folder / "out").string() + " 2>" + (folder / "err").string();
    const int status = std::system(("bash -c \"" + command + "\"").c_str());
    return Outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out"),
                   slurp(folder / "err")};
  };
  const Outcome trained = as_nobody({"train", tiny_config().string(), manifest_override(), "train.threads=4",
                                     "--out", (folder / "run").string()});
  EXPECT_EQ(trained.exit_code, 1) << trained.err;
  EXPECT_THAT(trained.err, AllOf(HasSubstr("train.threads: only 1 of 4"), HasSubstr("ulimit -u")));
  // One thread is enough for all the rest.
  const Outcome made =
      as_nobody({"phantom", "--out", (folder / "p").string(), "--patients", "4", "--modalities", "mri"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
}

TEST(Failures, OutputThatIsFull) {
  const Outcome outcome = limited("true", {"describe", "model"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const TemporaryFolder folder;
  const int status = std::system(
      (std::string(PHOTO51_PROGRAM) + " schema >/dev/full 2>" + (folder / "err").string()).c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(slurp(folder / "err"), HasSubstr("standard output: writing failed: No space left"));
}

TEST(Failures, PathsThatAreNotUtf8AreStillJson) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program({"train", "K\xF6ln.yaml", "--json", "--out", (folder / "run").string()});
  EXPECT_EQ(outcome.exit_code, 2);
  const auto json = nlohmann::json::parse(outcome.err);
  EXPECT_EQ(json.at("exit_code"), 2);
  EXPECT_THAT(json.at("error").get<std::string>(), HasSubstr("ln.yaml"));
  const Outcome doctor =
      run_program({"doctor", "--json", tiny_config().string(), "cohort.manifest=K\xF6ln.csv"});
  EXPECT_EQ(doctor.exit_code, 2);
  EXPECT_EQ(nlohmann::json::parse(doctor.err).at("exit_code"), 2);
}

}  // namespace
}  // namespace photo51::test
