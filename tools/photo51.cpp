// The program: parses the command line, runs one command, turns errors into exit codes.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <string>

#include "commands/commands.hpp"
#include "photo51/core/error.hpp"
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

int report_failure(const commands::Common& common, int code, std::string message) {
  // LibTorch appends its C++ stack after the first line.
  if (const size_t end = message.find("\nException raised from"); end != std::string::npos)
    message.resize(end);
  if (common.json) {
    std::fprintf(stderr, "%s\n", nlohmann::json{{"error", message}, {"exit_code", code}}.dump().c_str());
  } else {
    std::fprintf(stderr, "photo51: %s\n", message.c_str());
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (std::any_of(argv, argv + argc, [](const char* argument) { return std::string(argument) == "train"; }))
    sleep_when_idle(argv);
  commands::Common common;
  CLI::App app("photo51 reads a tumour's genotype, subtype and prognosis from medical images.", "photo51");
  app.set_version_flag("--version", std::string("photo51 ") + core::version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--quiet", common.quiet, "no progress, only warnings and errors");
  app.add_flag("--json", common.json, "progress, results and errors as JSON");
  app.parse_complete_callback([&] {
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
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return report_failure(common, 2, std::string(error.what()) + "; see photo51 --help");
  } catch (const core::Error& error) {
    return report_failure(common, static_cast<int>(error.fault()), error.what());
  } catch (const std::bad_alloc&) {
    return report_failure(common, 1, "out of memory; lower train.batch_size, the input sizes or the workers");
  } catch (const std::exception& error) {
    return report_failure(common, 1, error.what());
  }
}
