#pragma once
/// Runs the program as a user would and keeps what it said.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/shared_data.hpp"

namespace photo51::test {

struct Outcome {
  int exit_code = -1;  ///< -signal when a signal ended it
  std::string out, err;
  int64_t peak_bytes = 0;  ///< resident at most
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Starts `photo51 arguments…` with its output in files under `folder`.
inline pid_t start_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const auto redirect = [&](const char* name, int to) {
    const int file = ::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(file, to);
    ::close(file);
  };
  redirect("stdout.txt", STDOUT_FILENO);
  redirect("stderr.txt", STDERR_FILENO);
  std::vector<std::string> copy = arguments;
  copy.insert(copy.begin(), PHOTO51_PROGRAM);
  std::vector<char*> raw;
  for (auto& argument : copy) raw.push_back(argument.data());
  raw.push_back(nullptr);
  ::execv(PHOTO51_PROGRAM, raw.data());
  ::_exit(127);
}

inline int wait_for(pid_t child, struct rusage* used = nullptr) {
  int status = 0;
  ::wait4(child, &status, 0, used);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline Outcome run_program(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  Outcome outcome;
  struct rusage used {};
  outcome.exit_code = wait_for(start_program(arguments, folder.path()), &used);
  outcome.peak_bytes = int64_t{1024} * used.ru_maxrss;
  outcome.out = slurp(folder / "stdout.txt");
  outcome.err = slurp(folder / "stderr.txt");
  return outcome;
}

/// A small phantom cohort, made once before the tests by ctest (see CMakeLists.txt).
inline std::filesystem::path cohort() {
  return PHOTO51_CLI_COHORT;
}
inline std::filesystem::path tiny_config() {
  return source_dir() / "tests" / "cli" / "tiny.yaml";
}
inline std::string manifest_override(const std::filesystem::path& manifest = cohort() / "cohort.csv") {
  return "cohort.manifest=" + manifest.string();
}

}  // namespace photo51::test
