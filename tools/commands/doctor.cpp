// photo51 doctor [CONFIG]: is this machine fit, and will this experiment run on it? Reads one batch for real.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "commands/commands.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/data/dataset.hpp"
#include "photo51/training/experiment.hpp"

namespace photo51::commands {
namespace {

using Json = nlohmann::ordered_json;

/// Findings in the order they were made; prints them as it goes unless JSON is wanted at the end.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}
  void add(const std::string& level, const std::string& what, const std::string& text) {
    all_.push_back({{"level", level}, {"what", what}, {"text", text}});
    if (!json_) std::printf("%-8s %-14s %s\n", level.c_str(), what.c_str(), text.c_str());
    problems_ += level == "problem";
  }
  void finish() const {
    if (json_) std::printf("%s\n", all_.dump(2).c_str());
    if (problems_ > 0) core::fail_data(std::to_string(problems_) + " problem(s) found; see above");
    if (!json_) std::printf("no problem found\n");
  }

 private:
  bool json_;
  int problems_ = 0;
  Json all_ = Json::array();
};

std::string gib(double bytes) {
  return core::format_fixed(bytes / (1024.0 * 1024 * 1024), 2) + " GiB";
}

void check_machine(Findings& findings) {
  findings.add("ok", "program",
               std::string("photo51 ") + core::version() + " (" + core::build_commit() + "), LibTorch " +
                   TORCH_VERSION);
  findings.add("ok", "processor",
               std::to_string(std::thread::hardware_concurrency()) + " threads, kernels for " +
                   at::get_cpu_capability() +
                   (at::hasMKLDNN() ? ", oneDNN" : ", no oneDNN: convolutions will be slow"));
  const double memory = static_cast<double>(core::available_memory_bytes());
  findings.add(memory < 2.0 * 1024 * 1024 * 1024 ? "warning" : "ok", "memory", gib(memory) + " available");
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

void check_experiment(Findings& findings, const std::string& config,
                      const std::vector<std::string>& overrides) {
  auto experiment = training::read_experiment(config, overrides);
  findings.add("ok", "config", config + " is valid");
  auto& pipeline = experiment.pipeline;
  inference::drop_unused_inputs(pipeline);
  const std::string device =
      core::with_context("train.device", [&] { return core::resolve_device(experiment.train.device); });
  findings.add("ok", "device", "trains on " + device);
  const data::Cohort cohort(pipeline.cohort, pipeline.inputs, model::label_specs(pipeline.model));
  findings.add("ok", "cohort", std::to_string(cohort.size()) + " patients");
  for (const auto& [name, input] : pipeline.inputs) {
    int64_t have = 0;
    for (int64_t row = 0; row < cohort.size(); ++row) have += cohort.has_input(row, name) ? 1 : 0;
    findings.add(have == 0 ? "problem" : "ok", "input " + name,
                 std::to_string(have) + " of " + std::to_string(cohort.size()) + " patients have it");
  }
  for (const auto& spec : cohort.labels()) {
    int64_t known = 0;
    for (int64_t row = 0; row < cohort.size(); ++row) known += cohort.label(row, spec.head).known ? 1 : 0;
    findings.add(known == 0 ? "problem" : "ok", "label " + spec.head,
                 std::to_string(known) + " patients have it");
  }
  const data::Split split = data::split_cohort(cohort, pipeline.cohort.split);
  data::check_leakage(cohort, split, pipeline.cohort.split.group);
  findings.add("ok", "split",
               std::to_string(split.folds.size()) + " fold(s), " + std::to_string(split.test.size()) +
                   " test patients, no patient or image in two parts");

  // A few cases for real: how long does one take, and how much memory will they all need?
  const auto& train_rows = split.folds.at(0).train;
  const data::Fitted fitted = data::fit(cohort, train_rows);
  const data::CaseLoader loader(cohort, fitted);
  const size_t tried = std::min<size_t>(train_rows.size(), 4);
  const auto begin = std::chrono::steady_clock::now();
  double bytes = 0;
  for (size_t i = 0; i < tried; ++i)
    for (const auto& [name, input] : loader.load(train_rows[i]).inputs)
      if (input.values.defined()) bytes += static_cast<double>(input.values.nbytes());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double each = seconds / static_cast<double>(tried), each_bytes = bytes / static_cast<double>(tried);
  findings.add("ok", "loading",
               core::format_fixed(each, 2) + " s a case, " + core::format_fixed(each_bytes / 1048576, 1) +
                   " MiB prepared");

  const auto odd = data::kinds_of(cohort.warnings());
  findings.add(odd.empty() ? "ok" : "warning", "warnings",
               std::to_string(cohort.warnings().size()) + " of the files that were read, of " +
                   std::to_string(odd.size()) + " kind(s)");
  for (const auto& kind : odd) findings.add("warning", "files", data::in_words(kind));

  model::Model model(pipeline.model, data::input_info(pipeline.inputs, fitted), cohort.labels());
  double parameters = 0;
  for (const auto& parameter : model.parameters()) parameters += static_cast<double>(parameter.numel());
  // Weights, gradients and two moments in float32, the prepared cohort up to the cache's limit, one batch in
  // flight a worker, and what one forward pass of a batch leaves behind, measured.
  std::vector<data::Case> cases;
  for (size_t i = 0; i < tried; ++i) cases.push_back(loader.load(train_rows[i]));
  const int64_t before = core::peak_resident_bytes();
  model.train();
  model.forward(data::collate(cases, data::input_info(pipeline.inputs, fitted), cohort.labels()));
  const double activations = static_cast<double>(core::peak_resident_bytes() - before) /
                             static_cast<double>(tried) * static_cast<double>(experiment.train.batch_size);
  const double cache = std::min(each_bytes * static_cast<double>(cohort.size()),
                                static_cast<double>(experiment.train.cache_mib) * 1048576);
  const double need =
      16 * parameters + cache + 2 * activations +
      each_bytes * static_cast<double>(experiment.train.batch_size * (experiment.train.workers + 2));
  const double have = static_cast<double>(core::available_memory_bytes());
  findings.add("ok", "model", core::format_fixed(parameters / 1e6, 2) + " million parameters");
  findings.add(need > have ? "problem" : "ok", "training",
               "about " + gib(need) + " of memory, " + gib(have) + " available" +
                   (need > have ? "; lower train.batch_size, train.cache_mib or the inputs' size" : ""));
}

}  // namespace

void add_doctor(CLI::App& app, const Common& common) {
  auto* command =
      app.add_subcommand("doctor", "check the machine and, before a long run, a config's data and memory");
  struct Arguments {
    std::string config;
    std::vector<std::string> overrides;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("CONFIG", arguments->config, "a config to check as well");
  command->add_option("KEY=VALUE", arguments->overrides, "overrides of the config");
  command->callback([arguments, &common] {
    Findings findings(common.json);
    check_machine(findings);
    if (!arguments->config.empty()) check_experiment(findings, arguments->config, arguments->overrides);
    findings.finish();
  });
}

}  // namespace photo51::commands
