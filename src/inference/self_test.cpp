#include "photo51/inference/self_test.hpp"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "inference/model_files.hpp"
#include "inference/published.hpp"
#include "inference/self_test_cases.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/version.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

constexpr const char *self_test_format = "photo51 self-test 1", *made_by_key = "made_by";

struct ComputingPrecision {
  const char* name;
  double allowed;
};

/// Convolutions and matrix products of a GPU may round their factors to the 10 bits of TF32.
ComputingPrecision precision_of(const std::string& device) {
  const auto& context = at::globalContext();
  const bool tf32 = device != "cpu" && (context.allowTF32CuDNN() || context.allowTF32CuBLAS());
  return tf32 ? ComputingPrecision{"TF32", 1e-2} : ComputingPrecision{"float32", 1e-4};
}

std::string this_machine() {
  return std::string("photo51 ") + core::version() + " (" + core::build_commit() + "), LibTorch " +
         TORCH_VERSION + ", kernels for " + at::get_cpu_capability();
}

std::string outputs_key(const std::string& head) {
  return "outputs." + head;
}
/// In the metadata, of a file of weights.
std::string hash_key_of(const fs::path& weights) {
  return "xxh128 " + weights.filename().string();
}

ModelFiles published_files(const fs::path& model) {
  ModelFiles files = find_model(model, /*allow_unfinished=*/true);
  if (files.config.filename() != run::name::published)
    core::fail_usage(model.string() +
                     ": is a run, and self-tests are of published models; publish it by `photo51 export`, "
                     "which writes one");
  return files;
}

/// Members were fitted to different cases, so that their tables may differ in width.
InputInfos widest_inputs(const Predictor& predictor) {
  InputInfos widest = predictor.inputs(0);
  for (int64_t member = 1; member < predictor.size(); ++member)
    for (const auto& [name, info] : predictor.inputs(member))
      widest.at(name).channels = std::max(widest.at(name).channels, info.channels);
  return widest;
}

/// By head, [members, cases, outputs].
std::map<std::string, at::Tensor> outputs_of(const Predictor& predictor, const TestCases& cases) {
  std::map<std::string, std::vector<double>> values;
  for (int64_t member = 0; member < predictor.size(); ++member)
    for (size_t which = 0; which < cases.cases.size(); ++which)
      for (const auto& said : predictor.predict(member, batch_of(cases, which, predictor.inputs(member))))
        values[said.head].push_back(said.value);
  std::map<std::string, at::Tensor> outputs;
  for (const auto& [head, of] : values)
    outputs[head] =
        at::tensor(of, at::kDouble).view({predictor.size(), static_cast<int64_t>(cases.cases.size()), -1});
  return outputs;
}

/// Relative to the largest that was expected of the same member.
double deviation_of(const at::Tensor& said, const at::Tensor& expected) {
  const double scale = expected.abs().max().item<double>();
  const double largest = (said - expected).abs().max().item<double>() / (scale > 0 ? scale : 1);
  return std::isfinite(largest) ? largest : std::numeric_limits<double>::infinity();
}

HeadDeviation deviation_of_head(const std::string& head, const at::Tensor& said,
                                const nn::Tensors& stored_outputs, const std::vector<fs::path>& weights) {
  const auto expected = stored_outputs.find(outputs_key(head));
  if (expected == stored_outputs.end() || expected->second.scalar_type() != at::kDouble ||
      expected->second.sizes() != said.sizes())
    core::fail_data("`" + outputs_key(head) + "` is missing or does not fit the model's head" +
                    self_test_remedy);
  HeadDeviation furthest;
  furthest.head = head;
  for (int64_t member = 0; member < said.size(0); ++member) {
    const double here = deviation_of(said[member], expected->second[member]);
    if (member > 0 && here <= furthest.largest) continue;
    furthest.largest = here;
    furthest.weights = weights[static_cast<size_t>(member)].filename().string();
  }
  return furthest;
}

}  // namespace

bool SelfTestResult::passed() const {
  return std::ranges::all_of(heads, [&](const auto& head) { return head.largest <= allowed; });
}

void write_self_test(const fs::path& model) {
  const ModelFiles files = published_files(model);
  const fs::path file = model / run::name::self_test;
  if (fs::exists(fs::symlink_status(file)))
    core::fail_usage(
        file.string() +
        ": is there already; if the model is meant to have changed, remove the file and write it "
        "again");
  const Predictor predictor(model, {}, "cpu", /*allow_unfinished=*/true, Precision::fp32);
  const TestCases cases = draw_cases(widest_inputs(predictor));
  nn::Tensors tensors;
  add_cases(cases, tensors);
  for (const auto& [head, outputs] : outputs_of(predictor, cases)) {
    if (!at::isfinite(outputs).all().item<bool>())
      core::fail_data(model.string() + ": head " + head +
                      " says values that are not finite of made-up cases; train the model again");
    tensors[outputs_key(head)] = outputs;
  }
  nn::Metadata metadata{{"format", self_test_format}, {made_by_key, this_machine()}};
  for (const auto& weights : files.weights) metadata[hash_key_of(weights)] = core::hash_file(weights);
  nn::write_safetensors(file, tensors, metadata);
}

SelfTestResult run_self_test(const fs::path& model, const std::string& device) {
  const ModelFiles files = published_files(model);
  const fs::path file = model / run::name::self_test;
  if (!fs::exists(file))
    core::fail_data(model.string() + ": has no self-test (" + run::name::self_test +
                    "), so nothing says what it should compute; on a machine whose predictions are trusted "
                    "add it by `photo51 doctor --model " +
                    model.string() + " --write`");
  require_inside(file, model);
  const std::string where = core::resolve_device(device);
  const Predictor predictor(model, {}, where, /*allow_unfinished=*/true, Precision::fp32);
  const auto kept = nn::read_safetensors(file);
  return core::with_context(file.string(), [&] {
    const auto text = [&](const std::string& key) {
      const auto found = kept.metadata.find(key);
      return found == kept.metadata.end() ? "" : found->second;
    };
    if (text("format") != self_test_format)
      core::fail_data("is no self-test that this program reads (its `format` is not `" +
                      std::string(self_test_format) + "`)" + self_test_remedy);
    const TestCases cases = cases_from(kept.tensors, widest_inputs(predictor));
    const auto outputs = outputs_of(predictor, cases);
    const auto [precision, allowed] = precision_of(where);
    SelfTestResult result{
        .precision = precision, .allowed = allowed, .heads = {}, .made_by = text(made_by_key), .changed = {}};
    for (const auto& label : predictor.labels())
      result.heads.push_back(
          deviation_of_head(label.head, outputs.at(label.head), kept.tensors, files.weights));
    for (const auto& weights : files.weights)
      if (text(hash_key_of(weights)) != core::hash_file(weights))
        result.changed.push_back(weights.filename().string());
    return result;
  });
}

}  // namespace photo51::inference
