// photo51 bench-model MODEL: how fast a model predicts on this machine, by each way to compute it, and which
// one prediction takes and why.
#include <ATen/Parallel.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/new_cases.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"
#include "photo51/inference/bench_model.hpp"

namespace photo51::commands {
namespace {

using Json = nlohmann::ordered_json;

double cases_per_second(const inference::BenchedWay& way) {
  return 1e3 / way.milliseconds;
}

Json as_json(const inference::ModelBench& bench, const inference::BenchOptions& options) {
  Json ways = Json::array();
  for (const auto& way : bench.ways)
    ways.push_back({{"way", way.name},
                    {"milliseconds_a_case", way.milliseconds},
                    {"cases_a_second", cases_per_second(way)},
                    {"difference", way.difference},
                    {"peak_bytes", way.peak_bytes},
                    {"chosen", way.chosen},
                    {"why", way.why}});
  return {{"processor", bench.processor}, {"threads", at::get_num_threads()}, {"models", bench.members},
          {"batch", options.batch},       {"inputs", bench.inputs},           {"ways", ways}};
}

void print(const inference::ModelBench& bench, const inference::BenchOptions& options) {
  std::printf("processor: %s, %d threads\n", bench.processor.c_str(), at::get_num_threads());
  std::printf("input:     %s; %lld case(s) a batch\n", core::shown(core::join(bench.inputs, ", ")).c_str(),
              static_cast<long long>(options.batch));
  if (bench.members > 1)
    std::printf("           one of %lld models, all of which prediction runs\n",
                static_cast<long long>(bench.members));
  std::printf("%-16s %10s %10s %12s %10s\n", "", "ms a case", "cases a s", "difference", "peak MiB");
  for (const auto& way : bench.ways)
    std::printf("%-16s %10.2f %10.1f %12.1e %10.0f%s\n", way.name.c_str(), way.milliseconds,
                cases_per_second(way), way.difference, static_cast<double>(way.peak_bytes) / (1 << 20),
                way.chosen ? "  <- chosen" : "");
  for (const auto& way : bench.ways)
    if (way.chosen) std::printf("prediction takes %s\n", way.why.c_str());
}

}  // namespace

void add_bench_model(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "bench-model", "time a trained model's predictions on this machine's CPU, and say how it is computed");
  struct Arguments {
    std::string model, precision = "auto";
    inference::BenchOptions options;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "a run folder, or a published model (models/NAME)")
      ->required();
  command->add_option("KEY=VALUE", arguments->options.overrides, "overrides of the model's config");
  command->add_option("--batch", arguments->options.batch, "cases that are predicted at once")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--size", arguments->options.size,
                   "edge of images that keep their own size, or one an axis ([z] y x); else 64")
      ->expected(1, 3)
      ->check(CLI::PositiveNumber);
  command->add_option("--instances", arguments->options.instances, "instances of a bag")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seconds", arguments->options.seconds, "that each way is timed for, at least")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_precision(*command, arguments->precision);
  command->callback([arguments, &common] {
    arguments->options.precision = precision_of(arguments->precision);
    const auto bench = inference::bench_model(arguments->model, arguments->options);
    if (common.json)
      std::printf("%s\n", core::json_text(as_json(bench, arguments->options)).c_str());
    else
      print(bench, arguments->options);
  });
}

}  // namespace photo51::commands
