// photo51 doctor [CONFIG] [--all] [--model MODEL]: is this machine fit, does it compute with a published
// model what it should, and will this experiment run on it? Reads one batch for real, or every case.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "commands/commands.hpp"
#include "commands/new_cases.hpp"
#include "commands/trial.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/data/cohort/check.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/inference/self_test.hpp"
#include "photo51/model/options.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::commands {
namespace {

using Json = nlohmann::ordered_json;

/// Findings in the order they were made; prints them as it goes unless JSON is wanted at the end.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}
  void add(const std::string& level, const std::string& what, const std::string& text) {
    all_.push_back({{"level", level}, {"what", what}, {"text", text}});
    if (!json_)
      std::printf("%-8s %-14s %s\n", level.c_str(), core::shown(what).c_str(), core::shown(text).c_str());
    std::fflush(stdout);  // what comes next may take long
    if (level == "problem" && problems_++ == 0) first_ = what + ": " + text;
  }
  void finish() const {
    if (json_) std::printf("%s\n", core::json_text(all_, 2).c_str());
    std::fflush(stdout);
    if (problems_ > 0)
      core::fail_data(std::to_string(problems_) + " problem(s) found; see above; the first: " + first_);
    if (!json_) std::printf("no problem found\n");
  }

 private:
  bool json_;
  int problems_ = 0;
  std::string first_;
  Json all_ = Json::array();
};

std::string gib(double bytes) {
  return core::format_fixed(bytes / (1024.0 * 1024 * 1024), 2) + " GiB";
}

std::string in_mib(double bytes) {
  return core::format_fixed(bytes / (1024.0 * 1024), 1) + " MiB";
}

void check_machine(Findings& findings) {
  findings.add("ok", "program",
               std::string("photo51 ") + core::version() + " (" + core::build_commit() + "), LibTorch " +
                   TORCH_VERSION);
  findings.add("ok", "processor",
               std::to_string(core::processors()) + " threads, kernels for " + at::get_cpu_capability() +
                   (at::hasMKLDNN() ? ", oneDNN" : ", no oneDNN: convolutions will be slow"));
  const double memory = static_cast<double>(core::available_memory_bytes());
  const auto limits = core::read_group_limits();
  findings.add(memory < 2.0 * 1024 * 1024 * 1024 ? "warning" : "ok", "memory",
               gib(memory) + " available" +
                   (limits.memory_bytes ? ", limited to " + gib(static_cast<double>(*limits.memory_bytes)) +
                                              " by the container"
                                        : ""));
  std::error_code code;
  const auto space = std::filesystem::space(".", code);
  if (!code)
    findings.add(space.available < (uint64_t{1} << 30) ? "warning" : "ok", "disk",
                 gib(static_cast<double>(space.available)) + " free in this folder");
  if (!core::gpu_present()) {
    findings.add("ok", "gpu", "none: the CPU is used");
    return;
  }
  try {
    core::load_cuda();
    findings.add("ok", "gpu", "present, and LibTorch's CUDA library loads");
  } catch (const core::Error& error) {
    findings.add("warning", "gpu", std::string("present but not usable: ") + error.what());
  }
}

/// A model's self-test on one device.
void check_model_on(Findings& findings, const std::filesystem::path& model, const std::string& device) {
  const std::string what = "model on " + device;
  const auto result = inference::run_self_test(model, device);
  const auto scientific = [](double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1e", number);
    return std::string(text.data());
  };
  for (const auto& head : result.heads)
    findings.add(head.largest <= result.allowed ? "ok" : "problem", what,
                 head.head + " deviates by at most " + scientific(head.largest) + " (" + head.weights +
                     ") from what was published; " + scientific(result.allowed) + " is allowed in " +
                     result.precision);
  if (!result.changed.empty())
    findings.add(
        "warning", what,
        core::join(result.changed, ", ") +
            ": other weights than the self-test was written for; get the model again, or, if they are "
            "meant to have changed, remove " +
            run::name::self_test + " and add it anew with --write");
  else if (!result.passed())
    findings.add("warning", what,
                 "the weights are those that were published, so unless " + std::string(run::name::published) +
                     " was changed, this device or this program computes other numbers with them than the "
                     "machine that published them did (" +
                     result.made_by +
                     "); what is known of the model's quality does not hold for predictions made here");
}

/// Whether this machine computes what the model computed where it was published: on the CPU, and on a GPU
/// where one answers.
void check_model(Findings& findings, const std::filesystem::path& model, bool write) {
  if (write) {
    inference::write_self_test(model);
    findings.add("ok", "self-test",
                 (model / run::name::self_test).string() + " holds what this CPU computes");
  }
  check_model_on(findings, model, "cpu");
  if (const auto device = core::resolve_device("auto"); device != "cpu")
    check_model_on(findings, model, device);
}

/// Who the patients are, and what is blank.
void describe_cohort(Findings& findings, const data::Cohort& cohort, const std::vector<int64_t>& all) {
  findings.add("ok", "cohort", std::to_string(cohort.size()) + " patients");
  std::map<std::string, int64_t> sites;
  for (const int64_t row : all) ++sites[cohort.site(row).empty() ? "unknown" : cohort.site(row)];
  std::vector<std::string> named;
  for (const auto& [site, count] : sites) named.push_back(site + " " + std::to_string(count));
  findings.add("ok", "sites", core::join(named, ", "));
  std::vector<std::string> blank;
  for (const auto& column : data::blank_cells(cohort))
    if (column.blank > 0) blank.push_back(column.column + " " + std::to_string(column.blank));
  findings.add("ok", "blank cells", blank.empty() ? "none" : core::join(blank, ", "));
  for (const auto& [name, input] : cohort.inputs()) {
    int64_t have = 0;
    for (const int64_t row : all) have += cohort.has_input(row, name) ? 1 : 0;
    findings.add(have == 0 ? "problem" : "ok", "input " + name,
                 std::to_string(have) + " of " + std::to_string(cohort.size()) + " patients have it");
  }
  for (const auto& spec : cohort.labels()) {
    int64_t known = 0;
    for (const int64_t row : all) known += cohort.label(row, spec.head).known ? 1 : 0;
    findings.add(known == 0 ? "problem" : "ok", "label " + spec.head, data::label_counts(cohort, all, spec));
  }
}

void describe_part(Findings& findings, const data::Cohort& cohort, const std::string& part,
                   const std::vector<int64_t>& rows) {
  std::string text = std::to_string(rows.size()) + " patients";
  for (const auto& spec : cohort.labels())
    text += "; " + spec.head + ": " + data::label_counts(cohort, rows, spec);
  findings.add("ok", part, text);
}

void describe_split(Findings& findings, const data::Cohort& cohort, const data::Split& split) {
  for (size_t fold = 0; fold < split.folds.size(); ++fold) {
    const std::string of = split.folds.size() == 1 ? "" : "fold " + std::to_string(fold) + " ";
    describe_part(findings, cohort, of + run::part::train, split.folds[fold].train);
    if (!split.folds[fold].validation.empty())
      describe_part(findings, cohort, of + run::part::validation, split.folds[fold].validation);
  }
  if (!split.test.empty()) describe_part(findings, cohort, run::part::test, split.test);
}

/// Every bad file is a finding; its case goes into `left_out`.
void check_cases(Findings& findings, const data::Cohort& cohort, const std::vector<int64_t>& rows, bool all,
                 bool skip, std::set<int64_t>& left_out) {
  auto bad = data::check_files(cohort, rows);
  if (all) {
    const auto unread = data::read_files(cohort, rows);
    std::set<std::string> said;
    for (const auto& one : bad) said.insert(one.why);
    for (const auto& one : unread)
      if (said.insert(one.why).second) bad.push_back(one);
  }
  for (const auto& one : bad) {
    left_out.insert(one.row);
    findings.add("problem", "file", one.why);
  }
  const std::string how = all ? "read in full" : "looked at (--all reads every case in full)";
  if (bad.empty())
    findings.add("ok", "files", "those of " + std::to_string(rows.size()) + " patients " + how);
  else
    findings.add("warning", "files",
                 std::to_string(left_out.size()) + " of " + std::to_string(rows.size()) +
                     " patients have a bad file; " +
                     (skip ? "cohort.on_bad_case: skip leaves them out" : "training stops at them"));
}

/// What the estimates of memory come from.
std::string in_words(const Trial::Measured& measured) {
  std::string text = std::to_string(measured.cases) + " case(s)";
  if (measured.instances > 0)
    text += ", of a bag at most " + std::to_string(measured.most_instances) + " of up to " +
            std::to_string(measured.instances) + " instances";
  text += ": ";
  if (measured.step) text += "a step of training took " + in_mib(*measured.step) + ", ";
  if (measured.instances > 0) text += "to encode bags " + in_mib(measured.encoding) + ", ";
  return text + (measured.instances > 0 ? "the rest of a prediction " : "a prediction ") +
         in_mib(measured.forward);
}

void check_experiment(Findings& findings, const std::string& config,
                      const std::vector<std::string>& overrides, const std::filesystem::path& data_root,
                      bool read_all) {
  auto experiment = training::read_experiment(config, overrides);
  if (!data_root.empty()) experiment.pipeline.cohort.data_root = std::filesystem::absolute(data_root);
  findings.add("ok", "config", config + " is valid");
  auto& pipeline = experiment.pipeline;
  inference::drop_unused_inputs(pipeline);
  core::check_thread_count("train.threads", experiment.train.threads);
  core::check_thread_count("train.workers", experiment.train.workers);
  const std::string device =
      core::with_context("train.device", [&] { return core::resolve_device(experiment.train.device); });
  findings.add("ok", "device", "trains on " + device);
  // Missing files are found one and all below, not at the first.
  const bool skip = pipeline.cohort.on_bad_case == data::BadCase::skip;
  pipeline.cohort.on_bad_case = data::BadCase::skip;
  const data::Cohort cohort(pipeline.cohort, pipeline.inputs, model::label_specs(pipeline.model));
  std::vector<int64_t> all(static_cast<size_t>(cohort.size()));
  std::iota(all.begin(), all.end(), 0);
  describe_cohort(findings, cohort, all);
  std::set<int64_t> left_out;
  check_cases(findings, cohort, all, read_all, skip, left_out);
  data::Split split = data::split_cohort(cohort, pipeline.cohort.split);
  data::check_leakage(cohort, split, pipeline.cohort.split.group);
  findings.add("ok", "split",
               std::to_string(split.folds.size()) + " fold(s), " + std::to_string(split.test.size()) +
                   " test patients, no patient or image in two parts");
  const auto readable = [&](std::vector<int64_t>& rows) {
    std::erase_if(rows, [&](int64_t row) { return left_out.contains(row); });
  };
  for (auto& fold : split.folds) readable(fold.train), readable(fold.validation);
  readable(split.test);
  describe_split(findings, cohort, split);
  for (const auto& fold : split.folds) data::check_learnable(cohort, fold.train, "a training part");

  const auto members = static_cast<int64_t>(split.folds.size()) * experiment.train.repeats;
  Trial trial(experiment, cohort, split.folds.at(0).train, members);
  trial.load();
  findings.add("ok", "loading",
               core::format_fixed(trial.seconds(), 2) + " s a case, " + in_mib(trial.bytes()) + " prepared");

  const auto odd = data::kinds_of(cohort.warnings());
  findings.add(odd.empty() ? "ok" : "warning", "warnings",
               std::to_string(cohort.warnings().size()) + " of the files that were read, of " +
                   std::to_string(odd.size()) + " kind(s)");
  for (const auto& kind : odd) findings.add("warning", "files", data::in_words(kind));

  const auto have = static_cast<double>(core::available_memory_bytes());
  trial.measure();
  findings.add("ok", "model", core::format_fixed(trial.parameters() / 1e6, 2) + " million parameters");
  findings.add("ok", "measured", in_words(trial.measured()));
  const auto need = [&](const std::string& what, double bytes, const std::string& remedy) {
    findings.add(bytes > have ? "problem" : "ok", what,
                 "about " + gib(bytes) + " of memory, " + gib(have) + " available" +
                     (bytes > have ? "; " + remedy : ""));
  };
  need("training", trial.training_bytes(),
       "lower train.batch_size, train.cache_mib, train_instances of bags or the inputs' size");
  need("prediction", trial.prediction_bytes(), "lower the batch (--batch-size) or the inputs' size");
}

}  // namespace

void add_doctor(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "doctor",
      "check the machine, a published model on it and, before a long run, a config's data and memory");
  struct Arguments {
    std::string config;
    std::vector<std::string> overrides;
    bool all = false, write = false;
    std::filesystem::path data_root, model;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("CONFIG", arguments->config, "a config to check as well");
  command->add_option("KEY=VALUE", arguments->overrides, "overrides of the config");
  command->add_flag("--all", arguments->all, "read every case in full and list every bad file");
  add_data_root(*command, arguments->data_root);
  command->add_option("--model", arguments->model,
                      "a published model (models/NAME): does this machine compute with it what it should?");
  command->add_flag("--write", arguments->write,
                    "first add to the --model, which has no self-test, what this machine computes");
  command->callback([arguments, &common] {
    if (arguments->all && arguments->config.empty())
      core::fail_usage("--all needs a CONFIG, whose cases are read");
    if (arguments->write && arguments->model.empty())
      core::fail_usage("--write needs a --model, to which it adds a self-test");
    Findings findings(common.json);
    check_machine(findings);
    try {
      if (!arguments->model.empty()) check_model(findings, arguments->model, arguments->write);
      if (!arguments->config.empty())
        check_experiment(findings, arguments->config, arguments->overrides, arguments->data_root,
                         arguments->all);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      findings.add("problem", "stopped", error.what());  // what was found before is told as well
    }
    findings.finish();
  });
}

}  // namespace photo51::commands
