#include "photo51/inference/bench_model.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "inference/model_files.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {
namespace {

constexpr int64_t usual_size = 64;  ///< an axis of images that keep their own size
constexpr size_t fewest_passes = 3;

void require_option(bool holds, const std::string& message) {
  if (!holds) core::fail_usage(message);
}

std::vector<int64_t> bench_size(const std::string& input, const data::InputInfo& info,
                                const BenchOptions& options) {
  if (!info.size.empty()) return info.size;
  const auto dims = static_cast<size_t>(info.dims);
  if (options.size.empty()) return std::vector<int64_t>(dims, usual_size);
  require_option(options.size.size() == 1 || options.size.size() == dims,
                 "--size: input " + input + " has " + std::to_string(dims) + " axes, not " +
                     std::to_string(options.size.size()) + "; give one edge, or one an axis");
  return options.size.size() == dims ? options.size : std::vector<int64_t>(dims, options.size[0]);
}

/// Of an input of one case.
std::vector<int64_t> bench_shape(const std::string& input, const data::InputInfo& info,
                                 const BenchOptions& options) {
  std::vector<int64_t> shape;
  if (info.image) shape = bench_size(input, info, options);
  shape.insert(shape.begin(), info.channels);
  if (info.bag) shape.insert(shape.begin(), options.instances);
  return shape;
}

data::Batch random_batch(const TrainedModel& member, const BenchOptions& options) {
  at::Generator random = at::detail::createCPUGenerator(/*seed_val=*/1);
  std::vector<data::Case> cases(static_cast<size_t>(options.batch));
  for (size_t number = 0; number < cases.size(); ++number) {
    cases[number].id = "random " + std::to_string(number + 1);
    for (const auto& [name, info] : member.inputs) {
      auto& input = cases[number].inputs[name];
      input.values = at::randn(bench_shape(name, info, options), random);
      if (info.bag) input.view = at::arange(options.instances, at::kLong).remainder_(info.views);
      if (info.image || info.bag)
        input.channel_present = at::ones({info.bag ? info.views : info.channels}, at::kBool);
    }
  }
  return data::collate(cases, member.inputs, {});
}

/// Of the head that is furthest.
double difference_of(const model::Outputs& outputs, const model::Outputs& plain) {
  double largest = 0;
  for (const auto& [head, expected] : plain.logits) {
    const double scale = expected.abs().max().item<double>();
    const double here =
        (outputs.logits.at(head).cpu() - expected.cpu()).abs().max().item<double>() / (scale > 0 ? scale : 1);
    largest = std::max(largest, std::isfinite(here) ? here : std::numeric_limits<double>::infinity());
  }
  return largest;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// The first pass, which packs, is not timed.
BenchedWay bench_way(const Way& way, model::Model& model, const data::Batch& batch,
                     const BenchOptions& options, model::Outputs& plain) {
  const int64_t before =
      core::forget_peak_resident_bytes() ? core::resident_bytes() : core::peak_resident_bytes();
  set_way(model, way);
  const c10::InferenceMode inference;
  const model::Outputs outputs = model.forward(batch);
  if (plain.logits.empty()) plain = outputs;
  std::vector<double> seconds;
  double all = 0;
  while (seconds.size() < fewest_passes || all < options.seconds) {
    const auto begin = std::chrono::steady_clock::now();
    model.forward(batch);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    all += seconds.back();
  }
  BenchedWay benched;
  benched.name = way.name;
  benched.milliseconds = 1e3 * median(seconds) / static_cast<double>(options.batch);
  benched.difference = difference_of(outputs, plain);
  benched.peak_bytes = std::max<int64_t>(0, core::peak_resident_bytes() - before);
  return benched;
}

std::string in_words(const std::string& input, const std::vector<int64_t>& shape) {
  std::vector<std::string> edges;
  for (const int64_t edge : shape) edges.push_back(std::to_string(edge));
  return input + " " + core::join(edges, " x ");
}

}  // namespace

ModelBench bench_model(const std::string& folder, const BenchOptions& options) {
  require_option(options.batch > 0, "--batch must be above 0");
  require_option(options.instances > 0, "--instances must be above 0");
  require_option(std::ranges::all_of(options.size, [](int64_t edge) { return edge > 0; }),
                 "--size: edges must be above 0");
  const ModelFiles files = find_model(folder, /*allow_unfinished=*/true);
  const PipelineOptions pipeline = read_pipeline(load_config(files), options.overrides);
  const TrainedModel member = TrainedModel::load(files.weights.front(), pipeline);
  member.model->eval();
  const data::Batch batch = random_batch(member, options);

  ModelBench bench;
  bench.members = static_cast<int64_t>(files.weights.size());
  bench.processor = at::get_cpu_capability();
  if (const std::string has = core::bf16_instructions(); !has.empty()) bench.processor += ", " + has;
  for (const auto& [name, info] : member.inputs)
    bench.inputs.push_back(in_words(name, bench_shape(name, info, options)));
  const ChosenWay chosen = choose_way(options.precision, "cpu", member.info.trained_in_bf16);
  model::Outputs plain;
  for (const Way& way : ways()) {
    BenchedWay& benched = bench.ways.emplace_back(bench_way(way, *member.model, batch, options, plain));
    benched.chosen = way.name == chosen.way.name;
    if (benched.chosen) benched.why = chosen.why;
  }
  return bench;
}

}  // namespace photo51::inference
