#include "inference/collect.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <string_view>

#include "photo51/backbones/bag_attention.hpp"

namespace photo51::inference {
namespace {

/// The part of `weights` that belongs to a row: its bag's instances, or the row itself.
at::Tensor of_case(const data::Batch& batch, int64_t row, const std::string& module, const std::string& name,
                   const at::Tensor& weights) {
  constexpr std::string_view encoder = "encoders.";
  const bool of_instances = name == backbones::bag_attention || name == backbones::bag_scores;
  if (!of_instances || !module.starts_with(encoder)) return weights.select(0, row);
  const at::Tensor& offsets = batch.inputs.at(module.substr(encoder.size())).offsets;
  const auto begin = offsets[row].item<int64_t>(), end = offsets[row + 1].item<int64_t>();
  return weights.narrow(0, begin, end - begin);
}

}  // namespace

void CaseCollector::add(const data::Batch& batch, const model::Outputs& outputs,
                        const std::map<std::string, at::Tensor>& predicted) {
  const c10::InferenceMode ordinary_tensors(false);
  // A copy of what was computed in inference mode may enter a graph of the caller's; the graph that is asked
  // for stays as it is.
  const auto handed_out = [&](const at::Tensor& tensor) {
    const at::Tensor host = tensor.to(at::kCPU, at::kFloat);
    return options_.gradients ? host : host.clone();
  };
  at::Tensor fused;
  if (options_.embeddings && outputs.fused.defined()) fused = handed_out(outputs.fused);
  std::map<std::string, std::map<std::string, at::Tensor>> attention;
  if (options_.attention)
    for (const auto& [module, by_name] : outputs.attention)
      for (const auto& [name, weights] : by_name) attention[module][name] = handed_out(weights);
  std::map<std::string, std::map<std::string, std::vector<double>>> shares;
  for (const auto& [fusion, by_input] : outputs.modality_weights)
    for (const auto& [input, share] : by_input) {
      const at::Tensor numbers = share.detach().to(at::kDouble).cpu().contiguous();
      const double* begin = numbers.const_data_ptr<double>();
      shares[fusion][input] = {begin, begin + numbers.numel()};
    }
  for (int64_t row = 0; row < batch.size(); ++row) {
    auto& said = said_[batch.cases[static_cast<size_t>(row)]];
    if (fused.defined()) said.embeddings.push_back(fused.select(0, row));
    for (const auto& [module, by_name] : attention)
      for (const auto& [name, weights] : by_name)
        said.attention[module][name].push_back(of_case(batch, row, module, name, weights));
    for (const auto& [fusion, of] : shares)
      for (const auto& [input, share] : of)
        said.modality_weights[fusion][input].push_back(share[static_cast<size_t>(row)]);
  }
  if (!options_.gradients) return;
  CaseGraph graph;
  for (const auto& [input, of] : batch.inputs) graph.inputs[input] = of.values;
  graph.logits = outputs.logits;
  graph.predicted = predicted;
  said_[batch.cases.front()].graphs.push_back(std::move(graph));
}

std::vector<CaseResult> CaseCollector::results(const std::vector<model::Prediction>& predictions) const {
  std::vector<CaseResult> results;
  for (const auto& p : predictions) {
    if (results.empty() || results.back().case_id != p.case_id) {
      auto& result = results.emplace_back();
      result.case_id = p.case_id;
      const auto& said = said_.at(p.case_id);
      result.modality_weights = said.modality_weights;
      result.graphs = said.graphs;
      if (!said.embeddings.empty()) result.embedding = at::stack(said.embeddings);
      for (const auto& [module, by_name] : said.attention)
        for (const auto& [name, of] : by_name) result.attention[module][name] = at::stack(of);
    }
    auto& heads = results.back().heads;
    if (heads.empty() || heads.back().head != p.head) heads.push_back({p.head, {}});
    heads.back().values.push_back({p.class_name, p.value, p.low, p.high});
  }
  return results;
}

}  // namespace photo51::inference
