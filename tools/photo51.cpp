// The program: parses the command line, runs one command, turns errors into exit codes.
#include <ATen/Parallel.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "commands/commands.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/memory.hpp"
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

/// One line of JSON whatever the message holds: paths and messages of other libraries need not be UTF-8.
std::string failure_line(bool json, int code, const std::string& message) {
  if (!json) return "photo51: " + message;
  return nlohmann::json{{"error", message}, {"exit_code", code}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int report_failure(bool json, int code, std::string message) {
  // LibTorch appends its C++ stack after the first line, in one of two ways.
  for (const char* stack : {"\nException raised from", "\nframe #"})
    if (const size_t end = message.find(stack); end != std::string::npos) message.resize(end);
  std::fprintf(stderr, "%s\n", failure_line(json, code, message).c_str());
  return code;
}

/// What to lower when memory has run out, by command.
std::string lower_what(const std::string& command) {
  if (command == "train")
    return "lower train.batch_size, train.workers, train.cache_mib or the size of the inputs "
           "(preprocess.size, preprocess.spacing); photo51 doctor CONFIG estimates the need";
  if (command == "predict") return "lower --batch-size or --workers, or predict fewer cases at once";
  if (command == "evaluate") return "evaluate fewer cases at once";
  if (command == "doctor") return "lower train.batch_size, train.workers or the size of the inputs";
  if (command == "radiomics" || command == "phantom") return "lower --threads";
  return "close other programs, or look at fewer and smaller files at once";
}

int report_out_of_memory(bool json, const std::string& command) {
  return report_failure(json, 1, "out of memory; " + lower_what(command));
}

/// An exception that left a thread or a destructor: the program cannot go on, but says why in one line.
[[noreturn]] void report_and_end(bool json) {
  std::string why = "an error left a thread";
  try {
    if (const auto current = std::current_exception()) std::rethrow_exception(current);
  } catch (const std::exception& error) {
    why = core::is_out_of_memory(error) ? "out of memory" : error.what();
  } catch (...) {
    why = "an unknown error left a thread";
  }
  report_failure(json, 1, why);
  std::_Exit(1);
}

bool json_wanted = false;  ///< for what may happen at any time

/// What is written to the standard output may stay in a buffer until the disk is found to be full.
int finish_output(bool json) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  return report_failure(json, 1,
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

}  // namespace

int main(int argc, char** argv) {
  core::catch_interrupts("photo51: interrupted", "");
  if (std::any_of(argv, argv + argc, [](const char* argument) { return std::string(argument) == "train"; }))
    sleep_when_idle(argv);
  std::set_terminate([] { report_and_end(json_wanted); });
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of writing it
  commands::Common common;
  CLI::App app("photo51 reads a tumour's genotype, subtype and prognosis from medical images.", "photo51");
  app.set_version_flag("--version", std::string("photo51 ") + core::version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--quiet", common.quiet, "no progress, only warnings and errors");
  app.add_flag("--json", common.json, "progress, results and errors as JSON");
  std::string command;
  app.parse_complete_callback([&] {
    json_wanted = common.json;
    if (!app.get_subcommands().empty()) command = app.get_subcommands().front()->get_name();
    core::catch_interrupts(
        failure_line(common.json, 130,
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
  commands::add_train(app, common);
  commands::add_evaluate(app, common);
  commands::add_predict(app, common);
  commands::add_export(app, common);
  commands::add_radiomics(app, common);
  commands::add_inspect(app, common);
  commands::add_describe(app, common);
  commands::add_schema(app, common);
  commands::add_doctor(app, common);
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
    return report_failure(common.json, 2, std::string(error.what()) + "; see photo51 --help");
  } catch (const core::Error& error) {
    return report_failure(common.json, static_cast<int>(error.fault()), error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return report_failure(common.json, 3, error.path1().string() + ": " + error.code().message());
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return report_failure(common.json, 1,
                            "no thread can be started; raise the limit of processes (ulimit -u) or lower the "
                            "number of threads and workers");
    return report_failure(common.json, 1, error.what());
  } catch (const std::exception& error) {
    if (core::is_out_of_memory(error)) return report_out_of_memory(common.json, command);
    return report_failure(common.json, 1, error.what());
  } catch (...) {
    return report_failure(common.json, 1, "an unknown error");
  }
}
