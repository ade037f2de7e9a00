#include "photo51/inference/windows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "photo51/config/enums.hpp"
#include "photo51/core/error.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/nn/inference/sliding_window.hpp"

namespace photo51::inference {
namespace {

/// All combinations of axes, as dimensions from the last one; the first is none.
std::vector<std::vector<int64_t>> mirrorings(const std::vector<preprocess::Axis>& axes, int64_t dims) {
  std::vector<std::vector<int64_t>> all{{}};
  for (const auto axis : axes) {
    if (static_cast<int64_t>(axis) >= dims)
      core::fail_usage("mirror: there is no axis `" + config::name_of(axis) + "` in a " +
                       std::to_string(dims) + "D image");
    const size_t before = all.size();
    for (size_t i = 0; i < before; ++i) {
      all.push_back(all[i]);
      all.back().push_back(-1 - static_cast<int64_t>(axis));
    }
  }
  return all;
}

at::Tensor turned(const at::Tensor& values, const std::vector<int64_t>& dimensions) {
  return dimensions.empty() ? values : at::flip(values, dimensions);
}

/// The heads that outline one input, in the model's order.
std::vector<std::string> heads_of(const model::Model& model, const std::string& input) {
  std::vector<std::string> heads;
  for (const auto& [head, of] : model.map_heads())
    if (of == input) heads.push_back(head);
  return heads;
}

/// The mean over passes of what is said of rows, or of one case by many of its windows.
class Means {
 public:
  explicit Means(bool windows) : windows_(windows) {}
  /// `maps` are left out.
  void add(const model::Outputs& outputs, int64_t rows, const std::set<std::string>& maps) {
    for (const auto& [head, logits] : outputs.logits)
      if (!maps.contains(head)) sum({"logits", "", head}, logits);
    if (outputs.fused.defined()) sum({"fused", "", ""}, outputs.fused);
    for (const auto& [input, embedding] : outputs.embeddings) sum({"embedding", "", input}, embedding);
    for (const auto& [fusion, by_input] : outputs.modality_weights)
      for (const auto& [input, share] : by_input) sum({"share", fusion, input}, share);
    count_ += windows_ ? rows : 1;
  }
  model::Outputs mean() const {
    model::Outputs outputs;
    for (const auto& [key, total] : sums_) {
      const at::Tensor value = (total / static_cast<double>(count_)).to(at::kFloat);
      if (key.kind == "logits")
        outputs.logits[key.name] = value;
      else if (key.kind == "fused")
        outputs.fused = value;
      else if (key.kind == "embedding")
        outputs.embeddings[key.name] = value;
      else
        outputs.modality_weights[key.of][key.name] = value;
    }
    return outputs;
  }

 private:
  struct Key {
    std::string kind, of, name;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  void sum(const Key& key, const at::Tensor& rows) {
    const at::Tensor wide = rows.to(at::kDouble);
    const at::Tensor here = windows_ ? wide.sum(0, /*keepdim=*/true) : wide;
    at::Tensor& total = sums_[key];
    total = total.defined() ? total + here : here;
  }
  bool windows_;
  std::map<Key, at::Tensor> sums_;
  int64_t count_ = 0;
};

/// The batch of one case with `windows` [n, C, ...] in place of an input's image.
data::Batch with_windows(const data::Batch& batch, const std::string& name, const at::Tensor& windows) {
  data::Batch seen = batch;
  const int64_t count = windows.size(0);
  auto& input = seen.inputs.at(name);
  input.values = windows;
  input.present = at::ones({count}, at::kBool);
  input.channel_present = input.channel_present.expand({count, -1});
  input.grids.clear();
  seen.cases.assign(static_cast<size_t>(count), batch.cases.front());
  seen.labels.clear();
  return seen;
}

/// The part of stacked maps that is a head's own.
void part_maps(const at::Tensor& stacked, const std::vector<std::string>& heads,
               const std::map<std::string, int64_t>& widths, model::Outputs& outputs) {
  int64_t begin = 0;
  for (const auto& head : heads) {
    outputs.logits[head] = stacked.narrow(1, begin, widths.at(head));
    begin += widths.at(head);
  }
}

model::Outputs in_windows(TrainedModel& member, const data::Batch& batch, const std::string& name,
                          const WindowsOptions& options) {
  model::Model& model = *member.model;
  const data::InputInfo& info = member.inputs.at(name);
  const auto heads = heads_of(model, name);
  const std::set<std::string> maps(heads.begin(), heads.end());
  const bool slices = info.dims == 2;
  const auto mirrored = mirrorings(options.mirror, info.dims);
  const data::InputBatch image = data::floats(data::to(batch.inputs.at(name), model.device()));
  std::map<std::string, int64_t> widths;
  Means means(/*windows=*/true);
  // The other inputs of the case are encoded with every window.
  nn::SlidingWindowOptions how{.window = info.window,
                               .overlap = info.overlap,
                               .importance = nn::Importance::gaussian,
                               .batch_size = batch.inputs.size() > 1 ? 1 : options.windows};
  const at::Tensor stacked = nn::slide_window(image.values, how, [&](const at::Tensor& windows) {
    const at::Tensor seen = slices ? windows.squeeze(2) : windows;
    at::Tensor sum;
    for (const auto& turn : mirrored) {
      const auto outputs = model.forward(with_windows(batch, name, turned(seen, turn)));
      means.add(outputs, seen.size(0), maps);
      std::vector<at::Tensor> drawn;
      for (const auto& head : heads) {
        drawn.push_back(outputs.logits.at(head).to(at::kFloat));
        widths[head] = drawn.back().size(1);
      }
      if (drawn.empty()) drawn.push_back(seen.narrow(1, 0, 1));  // windows alone are asked for
      const at::Tensor one = turned(at::cat(drawn, 1), turn);
      sum = sum.defined() ? sum + one : one;
    }
    const at::Tensor mean = mirrored.size() == 1 ? sum : sum / static_cast<double>(mirrored.size());
    return slices ? mean.unsqueeze(2) : mean;
  });
  model::Outputs outputs = means.mean();
  part_maps(stacked, heads, widths, outputs);
  return outputs;
}

/// The batch with the images that are outlined mirrored.
data::Batch mirrored_images(const model::Model& model, const data::Batch& batch,
                            const std::vector<int64_t>& turn) {
  data::Batch seen = batch;
  std::set<std::string> inputs;
  for (const auto& [head, input] : model.map_heads()) inputs.insert(input);
  for (const auto& input : inputs) {
    auto& of = seen.inputs.at(input);
    of.values = turned(of.values, turn);
  }
  return seen;
}

model::Outputs in_mirrors(TrainedModel& member, const data::Batch& batch, const WindowsOptions& options) {
  model::Model& model = *member.model;
  const auto drawn = model.map_heads();
  if (drawn.empty())
    core::fail_usage(
        "mirror: no head draws a map that could be mirrored back; average over the mirrored case "
        "with flips");
  int64_t dims = 3;
  for (const auto& [head, input] : drawn) dims = std::min(dims, member.inputs.at(input).dims);
  const auto turns = mirrorings(options.mirror, dims);
  std::set<std::string> maps;
  for (const auto& [head, input] : drawn) maps.insert(head);
  Means means(/*windows=*/false);
  std::map<std::string, at::Tensor> sums;
  for (const auto& turn : turns) {
    const auto outputs = model.forward(mirrored_images(model, batch, turn));
    means.add(outputs, batch.size(), maps);
    for (const auto& head : maps) {
      const auto found = outputs.logits.find(head);
      if (found == outputs.logits.end()) continue;
      const at::Tensor one = turned(found->second, turn);
      at::Tensor& sum = sums[head];
      sum = sum.defined() ? sum + one : one;
    }
  }
  model::Outputs outputs = means.mean();
  for (const auto& [head, sum] : sums) outputs.logits[head] = sum / static_cast<double>(turns.size());
  return outputs;
}

}  // namespace

bool sees_parts(const std::map<std::string, data::InputInfo>& inputs) {
  return std::ranges::any_of(inputs, [](const auto& input) { return !input.second.window.empty(); });
}

model::Outputs forward_whole(TrainedModel& member, const data::Batch& batch, const WindowsOptions& options) {
  std::string in_parts;
  for (const auto& [name, info] : member.inputs) {
    if (info.window.empty()) continue;
    if (!in_parts.empty())
      core::fail_usage(
          "inputs " + in_parts + " and " + name +
          " are both seen in parts (`patch`), whose places do not belong together; give one of them "
          "a preprocess.size");
    in_parts = name;
  }
  if (in_parts.empty())
    return options.mirror.empty() ? member.model->forward(batch) : in_mirrors(member, batch, options);
  if (batch.size() != 1)
    core::fail_usage("input " + in_parts + " is seen in parts (`patch`), so cases pass one by one, not " +
                     std::to_string(batch.size()) + " at once");
  if (!batch.inputs.at(in_parts).present.item<bool>()) return member.model->forward(batch);
  return in_windows(member, batch, in_parts, options);
}

}  // namespace photo51::inference
