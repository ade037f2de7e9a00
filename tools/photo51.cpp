// The program: parses the command line, runs one command, turns errors into exit codes.
#include <ATen/Parallel.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "commands/commands.hpp"
#include "photo51/core/failure.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/version.hpp"

namespace {

using namespace photo51;

/// Idle threads of LibTorch's OpenMP sleep instead of spinning: beside threads that load cases, or on a busy
/// machine, spinning makes small networks several times slower to train. OpenMP reads this only when it is
/// loaded, so training starts the program once more, which takes a fraction of a second. The user's own
/// setting wins.
void sleep_when_idle(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv("/proc/self/exe", argv);  // returns only when it fails: then it goes on as it is
}

/// What to lower when memory has run out, by command.
std::string lower_what(std::string_view command) {
  if (command == "train")
    return "lower train.batch_size, train.workers, train.cache_mib or the size of the inputs "
           "(preprocess.size, preprocess.spacing); photo51 doctor CONFIG estimates the need";
  if (command == "predict") return "lower --batch-size or --workers, or predict fewer cases at once";
  if (command == "embed") return "lower --workers or the encoder's bag_chunk";
  if (command == "bench-model") return "lower --batch, --size or --instances";
  if (command == "evaluate") return "evaluate fewer cases at once";
  if (command == "doctor") return "lower train.batch_size, train.workers or the size of the inputs";
  if (command == "plan") return "lower --cases";
  if (command == "radiomics" || command == "phantom") return "lower --threads";
  return "close other programs, or look at fewer and smaller files at once";
}

/// What the program can still say when nothing else can be done.
struct Asked {
  bool json = false;
  std::array<char, 32> command{};  ///< its name
};
Asked asked;  ///< of what may fail at any time, also after main

/// Says what the exception that is being handled means. Returns the exit code.
int report_current() noexcept {
  const core::Failure failure = core::failure_of(std::current_exception());
  if (!failure.out_of_memory) return core::report_failure(asked.json, failure.code, failure.message);
  try {
    return core::report_failure(asked.json, failure.code,
                                "out of memory; " + lower_what(asked.command.data()));
  } catch (...) {
    return core::report_failure(asked.json, failure.code, "out of memory");
  }
}

/// An exception that left a thread or a destructor: the program cannot go on, but says why in one line.
[[noreturn]] void report_and_end() noexcept {
  static std::atomic_flag reported = ATOMIC_FLAG_INIT;
  while (reported.test_and_set()) ::pause();  // another thread does, and ends the process
  std::_Exit(report_current());
}

/// What is written to the standard output may stay in a buffer until the disk is found to be full.
int finish_output(bool json) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  return core::report_failure(json, 1,
                              std::string("standard output: writing failed: ") +
                                  (errno != 0 ? std::strerror(errno) : "unknown reason") +
                                  "; free some space or write elsewhere");
}

/// LibTorch takes a thread a processor of the host. Its own threads end the program when they cannot be
/// started, so they are counted before.
void choose_threads() {
  const int wanted = core::processors(), started = core::startable_threads(wanted);
  ::setenv("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", std::to_string(std::max(1, started)).c_str(), 0);
  if (std::getenv("OMP_NUM_THREADS") != nullptr && started == wanted) return;
  if (started < at::get_num_threads()) at::set_num_threads(std::max(1, started));
}

/// Parses the command line and runs the command.
int run(int argc, char** argv) {
  commands::Common common;
  CLI::App app("photo51 reads a tumour's genotype, subtype and prognosis from medical images.", "photo51");
  app.set_version_flag("--version", std::string("photo51 ") + core::version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--quiet", common.quiet, "no progress, only warnings and errors");
  app.add_flag("--json", common.json, "progress, results and errors as JSON");
  app.parse_complete_callback([&] {
    asked.json = common.json;
    const std::string command =
        app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name();
    command.copy(asked.command.data(), asked.command.size() - 1);
    core::catch_interrupts(
        core::failure_line(common.json, 130,
                           command == "train" ? "interrupted; what is finished is kept, go on with --resume"
                                              : "interrupted"),
        common.quiet || common.json
            ? ""
            : "photo51: interrupted; the state is saved after this step, once more ends at once");
    choose_threads();
    if (common.quiet) {
      core::set_log_level(core::LogLevel::warning);
      core::set_progress_style(core::ProgressStyle::quiet);
    } else if (common.json) {
      core::set_progress_style(core::ProgressStyle::json);
    }
  });
  commands::add_phantom(app, common);
  commands::add_spots(app, common);
  commands::add_plan(app, common);
  commands::add_train(app, common);
  commands::add_evaluate(app, common);
  commands::add_predict(app, common);
  commands::add_embed(app, common);
  commands::add_export(app, common);
  commands::add_migrate(app, common);
  commands::add_radiomics(app, common);
  commands::add_inspect(app, common);
  commands::add_weights(app, common);
  commands::add_describe(app, common);
  commands::add_schema(app, common);
  commands::add_doctor(app, common);
  commands::add_bench_model(app, common);
  app.footer(
      "Exit codes: 0 done, 1 the run failed, 2 command line or config wrong, 3 input data wrong, 130 "
      "interrupted.");

  try {
    app.parse(argc, argv);
    return finish_output(common.json);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error);
      return finish_output(common.json);
    }
    return core::report_failure(common.json, 2, std::string(error.what()) + "; see photo51 --help");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(report_and_end);
  core::catch_interrupts("photo51: interrupted", "");
  try {
    if (std::any_of(argv, argv + argc, [](std::string_view argument) { return argument == "train"; }))
      sleep_when_idle(argv);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of writing it
    return run(argc, argv);
  } catch (...) {
    return report_current();
  }
}
