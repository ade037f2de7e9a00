#include "photo51/model/model.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <limits>

#include "model/map_heads.hpp"
#include "model/modality_dropout.hpp"
#include "model/parts.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/model/encoders.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::model {

namespace {

/// Of each case, -1 where it is not known.
at::Tensor classes_of(const data::Targets& labels) {
  return labels.value.to(at::kLong).masked_fill(~labels.known, -1);
}

const data::InputBatch& input_of(const data::Batch& batch, const std::string& name) {
  const auto found = batch.inputs.find(name);
  if (found == batch.inputs.end()) core::fail_usage("the batch lacks the input `" + name + "`");
  return found->second;
}

/// As modules of PyTorch have it: only what has two or three axes beside channels, and one channel is laid
/// out anew too, so that what is made of it sees which layout is meant.
at::Tensor in_layout(const at::Tensor& values, bool channels_last) {
  if (values.dim() != 4 && values.dim() != 5) return values;
  const at::MemoryFormat last =
      values.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d;
  return values.to(values.scalar_type(), /*non_blocking=*/false, /*copy=*/false,
                   channels_last ? last : at::MemoryFormat::Contiguous);
}

/// Probabilities as log odds, by class (of two, the second's); values and risks as they are.
at::Tensor as_scores(const data::TaskSpec& label, const at::Tensor& predicted) {
  const data::Task& task = data::task_of(label);
  if (!task.has_classes()) return predicted;
  const at::Tensor odds = at::logit(predicted.to(at::kDouble), 1e-7).to(at::kFloat);
  return task.has_named_classes() ? odds : odds.narrow(1, 1, 1);
}

const data::TaskSpec& label_of(const std::vector<data::TaskSpec>& labels, const std::string& head) {
  for (const auto& candidate : labels)
    if (candidate.head == head) return candidate;
  core::fail_usage("no label is described for this head");
}

/// The inputs that a head asks for in the order of the encoders; all when it asks for none.
std::vector<std::string> inputs_of(const config::Choice& head, const std::vector<std::string>& encoded) {
  const auto& inputs = radiogenomics::head_options(head).inputs;
  if (inputs.empty()) return encoded;
  for (const auto& name : inputs)
    if (std::find(encoded.begin(), encoded.end(), name) == encoded.end())
      core::fail_usage("inputs: there is no encoder `" + name + "`" + core::suggest(name, encoded));
  std::vector<std::string> chosen;
  for (const auto& name : encoded)
    if (std::find(inputs.begin(), inputs.end(), name) != inputs.end()) chosen.push_back(name);
  return chosen;
}

std::vector<std::string> combined_heads(const ModelOptions& options, const std::string& stack,
                                        const config::Choice& head,
                                        const std::vector<data::TaskSpec>& labels) {
  const auto named = learners::combination_of(radiogenomics::estimator_of(head)).heads;
  std::vector<std::string> others;
  for (const auto& [name, other] : options.heads)
    if (radiogenomics::seen_by(other) != radiogenomics::Sees::heads) others.push_back(name);
  for (const auto& name : named) {
    if (std::find(others.begin(), others.end(), name) == others.end())
      core::fail_usage("estimator.heads: there is no head `" + name + "` that is not itself a stack" +
                       core::suggest(name, others));
    const auto &mine = label_of(labels, stack), &theirs = label_of(labels, name);
    if (mine.task != theirs.task || mine.column != theirs.column || mine.classes != theirs.classes ||
        mine.positive != theirs.positive || mine.negative != theirs.negative ||
        mine.event_column != theirs.event_column)
      core::fail_usage("estimator.heads: `" + name +
                       "` predicts another label; a stack combines heads of its own task and label");
  }
  return named;
}

}  // namespace

Model::Model(const ModelOptions& options, const std::map<std::string, data::InputInfo>& inputs,
             std::vector<data::TaskSpec> labels)
    : labels_(std::move(labels)), parts_(std::make_shared<Parts>()) {
  config::validate(options, "model");
  parts_->dropout = options.dropout;
  auto encoder_modules = register_module("encoders", std::make_shared<torch::nn::Module>());
  fusion::FusionInputs widths;
  std::vector<std::string> input_names;
  for (const auto& entry : inputs) input_names.push_back(entry.first);
  for (const auto& [name, choice] : options.encoders) {
    core::with_context("model.encoders." + name, [&, &name = name, &choice = choice] {
      const auto info = inputs.find(name);
      if (info == inputs.end())
        core::fail_usage("there is no input `" + name + "`" + core::suggest(name, input_names));
      auto encoder = encoder_modules->register_module(name, make_encoder(choice, info->second, labels_));
      widths.emplace_back(name, encoder->width());
      std::vector<std::string> names;
      const auto& features = info->second.features;
      // A table that its encoder leaves as it is keeps its features' names.
      const bool as_is =
          choice.name == "identity" && encoder->width() == static_cast<int64_t>(features.size());
      for (int64_t i = 0; i < encoder->width(); ++i)
        names.push_back(name + "." + (as_is ? features[static_cast<size_t>(i)] : std::to_string(i)));
      parts_->encoders.push_back({name, std::move(encoder), std::move(names)});
    });
  }
  std::vector<std::string> encoded;
  for (const auto& encoder : parts_->encoders) encoded.push_back(encoder.input);
  const auto* build_fusion = fusion::fusions().find(options.fusion.name);
  // The inputs `a_b` are called as the inputs `a` and `b` are: then it is the number that differs.
  const auto view_name = [&](const std::vector<std::string>& seen, const std::vector<std::string>& all) {
    const std::string plain = seen == all ? "fusion" : "fusion_" + core::join(seen, "_");
    std::string name = plain;
    const auto is_taken = [&](const View& view) { return view.name == name; };
    for (int number = 2; std::any_of(parts_->views.begin(), parts_->views.end(), is_taken); ++number)
      name = plain + "_" + std::to_string(number);
    return name;
  };
  const auto view_of = [&](const std::vector<std::string>& seen) {
    for (size_t view = 0; view < parts_->views.size(); ++view)
      if (parts_->views[view].inputs == seen) return view;
    fusion::FusionInputs of;
    for (const auto& width : widths)
      if (std::find(seen.begin(), seen.end(), width.first) != seen.end()) of.push_back(width);
    const std::string name = view_name(seen, encoded);
    parts_->views.push_back({name, seen, register_module(name, (*build_fusion)(options.fusion, of))});
    return parts_->views.size() - 1;
  };

  const auto encoder_at = [&](const std::string& input) -> backbones::Encoder* {
    for (const auto& encoder : parts_->encoders)
      if (encoder.input == input) return encoder.module.get();
    return nullptr;  // an error that names the input follows
  };
  auto head_modules = register_module("heads", std::make_shared<torch::nn::Module>());
  for (const auto& [name, head] : options.heads) {
    core::with_context("model.heads." + name, [&, &name = name, &head = head] {
      const auto& label = label_of(labels_, name);
      Parts::Head part;
      part.name = name;
      part.weight = radiogenomics::head_options(head).weight;
      part.sees = radiogenomics::seen_by(head);
      int64_t width = 0;
      switch (part.sees) {
        case radiogenomics::Sees::fusion:
          part.view = view_of(inputs_of(head, encoded));
          width = parts_->views[part.view].fusion->width();
          break;
        case radiogenomics::Sees::embeddings:
          part.inputs = inputs_of(head, encoded);
          break;
        case radiogenomics::Sees::heads:
          part.heads = combined_heads(options, name, head, labels_);
          break;
        case radiogenomics::Sees::maps:
          part.inputs = {radiogenomics::input_of(head)};
          part.module = make_map_head_of({options, inputs}, encoder_at(part.inputs.front()), head, label);
          break;
      }
      if (!part.module) part.module = radiogenomics::make_head(head, label, width);
      head_modules->register_module(name, part.module);
      parts_->heads.push_back(std::move(part));
    });
  }
  std::stable_partition(parts_->heads.begin(), parts_->heads.end(),
                        [](const auto& head) { return head.sees != radiogenomics::Sees::heads; });
}

void Model::set_modality_dropout(double probability) {
  if (!(probability >= 0 && probability < 1))
    core::fail_usage("modality_dropout must be at least 0 and below 1, not " +
                     core::format_number(probability));
  parts_->modality_dropout = probability;
}

void Model::move_to(const at::Device& device) {
  to(device);
  device_ = device;
  forget_packed();
}

void Model::set_packing(const std::optional<nn::PackingOptions>& options) {
  packed_ = options ? std::make_shared<nn::PackedLayers>(*options) : nullptr;
}

void Model::forget_packed() {
  if (packed_) set_packing(packed_->options());
}

void Model::set_evaluation_type(at::ScalarType type) {
  evaluation_type_ = type;
}

bool Model::predicts_packed() const {
  return packed_ && !is_training() && nn::PackedLayers::apply();
}

at::ScalarType Model::type_of_prediction() const {
  if (is_training() || !nn::PackedLayers::apply()) return at::kFloat;
  return packed_ ? packed_->options().type : evaluation_type_;
}

/// While it lives, layers of this thread run as the model predicts.
class Model::Packing {
 public:
  explicit Packing(const Model& model) {
    if (model.predicts_packed()) use_.emplace(*model.packed_);
    if (const auto type = model.type_of_prediction(); type != at::kFloat)
      autocast_.emplace(model.device_.type(), type);
  }

 private:
  std::optional<nn::PackedLayers::Use> use_;
  std::optional<nn::Autocast> autocast_;
};

void Model::set_channels_last(bool on) {
  if (on == channels_last_) return;
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : parameters()) {
    const at::Tensor laid_out = in_layout(parameter, on);
    if (laid_out.is_same(parameter)) continue;
    parameter.set_data(laid_out);
    // Fused optimisers go through a parameter and its gradient in the order of memory.
    parameter.mutable_grad().reset();
  }
  channels_last_ = on;
}

Outputs Model::forward(const data::Batch& batch) {
  if (!predicts_packed() && type_of_prediction() == at::kFloat) return run(batch);
  Outputs outputs = [&] {
    const Packing packing(*this);
    return run(batch);
  }();
  const auto widen = [](auto& named) {
    for (auto& [name, value] : named)
      if (value.is_floating_point()) value = value.to(at::kFloat);
  };
  widen(outputs.logits);
  if (outputs.fused.defined()) outputs.fused = outputs.fused.to(at::kFloat);
  for (auto& [name, maps] : outputs.coarser)
    for (auto& map : maps) map = map.to(at::kFloat);
  for (auto& [name, weights] : outputs.modality_weights) widen(weights);
  for (auto& [name, attention] : outputs.attention) widen(attention);
  return outputs;
}

Outputs Model::run(const data::Batch& batch) {
  std::vector<data::InputBatch> inputs;
  std::vector<at::Tensor> present;
  for (const auto& encoder : parts_->encoders) {
    const data::InputBatch& input = input_of(batch, encoder.input);
    if (input.stream)
      core::fail_usage("input " + encoder.input + ": its bags are a stream; give the batch to encode_bags");
    inputs.push_back(data::floats(data::to(input, device_)));
    at::Tensor& values = inputs.back().values;
    if ((channels_last_ || predicts_packed()) && values.defined()) values = in_layout(values, true);
    present.push_back(inputs.back().present);
    if (const std::string label = encoder.module->label(); is_training() && !label.empty())
      if (const auto of_head = batch.labels.find(label); of_head != batch.labels.end())
        inputs.back().classes = classes_of(of_head->second);
  }
  if (is_training() && parts_->modality_dropout > 0 && inputs.size() > 1) {
    const at::Tensor kept = drop_inputs(at::stack(present, 1), parts_->modality_dropout);
    for (size_t m = 0; m < inputs.size(); ++m) inputs[m].present = kept.select(1, static_cast<int64_t>(m));
  }
  std::map<std::string, backbones::Tokens> tokens;
  for (size_t m = 0; m < inputs.size(); ++m) {
    auto& encoder = parts_->encoders[m];
    core::with_context([&] { return "input " + encoder.input; },
                       [&] { tokens[encoder.input] = encoder.module->encode(inputs[m]); });
  }
  Outputs outputs;
  const auto keep = [&outputs](const std::string& module, const auto& of) {  // Tokens or Fused
    if (!of.attention.empty()) outputs.attention[module] = of.attention;
    for (const auto& [name, loss] : of.losses) outputs.losses[module + "." + name] = loss;
  };
  for (const auto& [name, of] : tokens) keep("encoders." + name, of);
  std::vector<at::Tensor> seen;
  for (const auto& view : parts_->views) {
    fusion::Fused fused = view.fusion->fuse(tokens);
    if (!outputs.fused.defined()) outputs.fused = fused.values;
    if (!fused.modality_weights.empty()) outputs.modality_weights[view.name] = fused.modality_weights;
    keep(view.name, fused);
    seen.push_back(at::dropout(fused.values, parts_->dropout, is_training()));
  }
  const auto present_of = [&](const std::string& input) -> const at::Tensor& {
    size_t at = 0;
    while (parts_->encoders[at].input != input) ++at;
    return inputs[at].present;
  };
  for (const auto& head : parts_->heads) {
    if (head.sees == radiogenomics::Sees::fusion)
      outputs.logits[head.name] = head.module->forward(seen[head.view]);
    if (head.sees == radiogenomics::Sees::maps)
      draw_maps(*head.module, head.name, tokens.at(head.inputs.front()), present_of(head.inputs.front()),
                outputs);
  }
  if (is_training() || heads_fitted_at_once().empty()) return outputs;
  for (const auto& [name, of] : tokens) {
    const auto [mean, has] = fusion::mean_token(of);
    outputs.embeddings[name] =
        mean.to(at::kFloat).masked_fill(~has.unsqueeze(1), std::numeric_limits<float>::quiet_NaN());
  }
  for (const auto& head : parts_->heads)
    if (head.module->fitted_at_once() && head.module->fitted())
      outputs.logits[head.name] =
          core::with_context([&] { return "head " + head.name; },
                             [&] { return head.module->forward(head_features(head.name, outputs)); });
  return outputs;
}

void Model::fit_heads(const data::Cohort& cohort, const std::vector<int64_t>& train) {
  for (const auto& head : parts_->heads) {
    std::vector<const data::Case::Label*> labels;
    for (const int64_t row : train) labels.push_back(&cohort.label(row, head.name));
    const auto& spec = label_of(labels_, head.name);
    fit_head(head.name, data::task_of(spec).collate(spec, labels));
  }
}

void Model::fit_head(const std::string& name, const data::Targets& training) {
  auto& module = *parts_->head(name).module;
  core::with_context("head " + name, [&] { module.fit(training); });
}

void Model::check_heads() const {
  for (const auto& head : parts_->heads)
    core::with_context("head " + head.name, [&] { head.module->check(); });
}

data::Batch Model::encode_bags(const data::Batch& batch) {
  const Packing packing(*this);
  data::Batch encoded = batch;
  for (auto& encoder : parts_->encoders)
    if (const data::InputBatch& input = input_of(batch, encoder.input); input.stream)
      core::with_context([&] { return "input " + encoder.input; },
                         [&] { encoded.inputs[encoder.input] = encoder.module->take(input, device_); });
  return encoded;
}

std::vector<Model::HeadLoss> Model::head_losses(const Outputs& outputs, const data::Batch& batch) {
  std::vector<HeadLoss> losses;
  for (const auto& head : parts_->heads) {
    const auto labels = batch.labels.find(head.name);
    const auto raw = outputs.logits.find(head.name);
    if (labels == batch.labels.end() || raw == outputs.logits.end()) continue;
    const bool outlines = head.sees == radiogenomics::Sees::maps;
    const data::Targets known = outlines ? drawn_labels(outputs, head.name, labels->second) : labels->second;
    const at::Tensor value =
        core::with_context([&] { return "head " + head.name; },
                           [&] {
                             return outlines ? head.module->map_loss(all_maps(outputs, head.name), known)
                                             : head.module->loss(raw->second, known);
                           });
    if (value.defined()) losses.push_back({head.name, value, known.known.sum().item<int64_t>(), head.weight});
  }
  return losses;
}

at::Tensor Model::loss(const Outputs& outputs, const data::Batch& batch,
                       std::map<std::string, double>* parts) {
  at::Tensor total;
  for (const auto& loss : head_losses(outputs, batch)) {
    if (parts != nullptr) (*parts)[loss.head] = loss.mean.item<double>();
    const at::Tensor weighted = loss.mean * loss.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  if (!total.defined()) return total;
  for (const auto& [name, loss] : outputs.losses) {
    if (parts != nullptr) (*parts)[name] = loss.value.item<double>();
    total = total + loss.value * loss.weight;
  }
  return total;
}

std::map<std::string, at::Tensor> Model::predict(const Outputs& outputs) {
  std::map<std::string, at::Tensor> predictions;
  for (const auto& head : parts_->heads)
    if (const auto raw = outputs.logits.find(head.name);
        raw != outputs.logits.end() && head.sees != radiogenomics::Sees::maps)
      predictions[head.name] = head.module->predict(raw->second.to(at::kFloat));
  return predictions;
}

std::vector<std::pair<std::string, std::string>> Model::map_heads() const {
  std::vector<std::pair<std::string, std::string>> heads;
  for (const auto& head : parts_->heads)
    if (head.sees == radiogenomics::Sees::maps) heads.emplace_back(head.name, head.inputs.front());
  return heads;
}

bool Model::trains() const {
  return heads_fitted_at_once().size() < parts_->heads.size();
}

std::vector<std::string> Model::heads_fitted_at_once() const {
  std::vector<std::string> names;
  for (const auto& head : parts_->heads)
    if (head.module->fitted_at_once()) names.push_back(head.name);
  return names;
}

radiogenomics::Head& Model::head(const std::string& name) {
  return *parts_->head(name).module;
}

at::Tensor Model::head_features(const std::string& name, const Outputs& outputs) {
  const auto& head = parts_->head(name);
  std::vector<at::Tensor> columns;
  for (const auto& input : head.inputs) columns.push_back(outputs.embeddings.at(input).cpu());
  if (!head.heads.empty()) {
    const auto said = predict(outputs);
    for (const auto& other : head.heads)
      columns.push_back(as_scores(label_of(labels_, other), said.at(other)).cpu());
  }
  return at::cat(columns, 1);
}

std::vector<std::string> Model::head_feature_names(const std::string& name) const {
  const auto& head = parts_->head(name);
  std::vector<std::string> names;
  for (const auto& encoder : parts_->encoders)
    if (std::find(head.inputs.begin(), head.inputs.end(), encoder.input) != head.inputs.end())
      names.insert(names.end(), encoder.names.begin(), encoder.names.end());
  for (const auto& other : head.heads) {
    const auto& label = label_of(labels_, other);
    if (!data::task_of(label).has_named_classes())
      names.push_back(other);
    else
      for (const auto& of : label.classes) names.push_back(other + "." + of);
  }
  return names;
}

}  // namespace photo51::model
