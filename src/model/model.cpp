#include "photo51/model/model.hpp"

#include <torch/torch.h>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/radiogenomics/head.hpp"
#include "photo51/radiogenomics/table_encoders.hpp"

namespace photo51::model {

struct Model::Parts {
  struct Encoder {
    std::string input;
    std::shared_ptr<backbones::Encoder> module;
  };
  struct Head {
    std::string name;
    double weight;
    std::shared_ptr<radiogenomics::Head> module;
  };
  std::vector<Encoder> encoders;
  std::shared_ptr<fusion::Fusion> fusion;
  std::vector<Head> heads;
  double dropout = 0, modality_dropout = 0;
};

namespace {

std::shared_ptr<backbones::Encoder> build_encoder(const config::Choice& choice, const data::InputInfo& info) {
  const backbones::InputShape shape{.image = info.image,
                                    .channels = info.channels,
                                    .dims = info.dims,
                                    .size = info.size,
                                    .bag = info.bag,
                                    .views = info.views};
  const auto* build = backbones::image_encoders().find(choice.name);
  if (build == nullptr) build = radiogenomics::table_encoders().find(choice.name);
  if (build == nullptr) config::default_choice(encoders(), choice.name);  // throws: there is no such encoder
  return (*build)(choice, shape);
}

/// Blanks inputs of present cases with `probability` each. A case never loses all it has: the input with the
/// largest draw stays.
at::Tensor drop_inputs(const at::Tensor& present, double probability) {
  const at::Tensor draws = at::rand(present.sizes(), at::kDouble).to(present.device());
  const at::Tensor best = draws.masked_fill(~present, -1).argmax(1, /*keepdim=*/true);
  const at::Tensor keep = (draws >= probability).scatter(1, best, true);
  return present & keep;
}

const data::InputBatch& input_of(const data::Batch& batch, const std::string& name) {
  const auto found = batch.inputs.find(name);
  if (found == batch.inputs.end()) core::fail_usage("the batch lacks the input `" + name + "`");
  return found->second;
}

/// How many genes the head predicts; 0 = it is of another kind.
int64_t gene_count(const std::vector<data::LabelSpec>& labels, const std::string& head) {
  for (const auto& spec : labels)
    if (spec.head == head && spec.kind == data::LabelSpec::Kind::expression)
      return static_cast<int64_t>(spec.classes.size());
  return 0;
}

}  // namespace

Model::Model(const ModelOptions& options, const std::map<std::string, data::InputInfo>& inputs,
             std::vector<data::LabelSpec> labels)
    : labels_(std::move(labels)), parts_(std::make_shared<Parts>()) {
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
      auto encoder = encoder_modules->register_module(name, build_encoder(choice, info->second));
      widths.emplace_back(name, encoder->width());
      parts_->encoders.push_back({name, std::move(encoder)});
    });
  }
  if (widths.empty()) core::fail_usage("model.encoders: needs at least one encoder");
  const auto* build_fusion = fusion::fusions().find(options.fusion.name);
  if (build_fusion == nullptr)
    core::with_context("model.fusion", [&] { config::default_choice(fusions(), options.fusion.name); });
  parts_->fusion = register_module("fusion", (*build_fusion)(options.fusion, widths));

  auto head_modules = register_module("heads", std::make_shared<torch::nn::Module>());
  for (const auto& [name, head] : options.heads) {
    core::with_context("model.heads." + name, [&, &name = name, &head = head] {
      const data::LabelSpec* label = nullptr;
      for (const auto& candidate : labels_)
        if (candidate.head == name) label = &candidate;
      if (label == nullptr) core::fail_usage("no label is described for this head");
      auto module = radiogenomics::make_head(head, *label, parts_->fusion->width());
      parts_->heads.push_back({name, head.weight, head_modules->register_module(name, std::move(module))});
    });
  }
}

void Model::set_modality_dropout(double probability) {
  if (!(probability >= 0 && probability < 1))
    core::fail_usage("modality_dropout must be at least 0 and below 1, not " +
                     core::format_number(probability));
  parts_->modality_dropout = probability;
}

Outputs Model::forward(const data::Batch& batch) {
  std::vector<data::InputBatch> inputs;
  std::vector<at::Tensor> present;
  for (const auto& encoder : parts_->encoders) {
    inputs.push_back(input_of(batch, encoder.input));
    present.push_back(inputs.back().present);
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
  for (const auto& [name, of] : tokens)
    if (of.attention.defined()) outputs.attention[name] = of.attention;
  fusion::Fused fused = parts_->fusion->fuse(tokens);
  outputs.fused = fused.values;
  outputs.weights = std::move(fused.weights);
  const at::Tensor seen = at::dropout(outputs.fused, parts_->dropout, is_training());
  for (const auto& head : parts_->heads) outputs.raw[head.name] = head.module->forward(seen);
  return outputs;
}

void Model::fit_heads(const data::Cohort& cohort, const std::vector<int64_t>& train) {
  const auto rows = static_cast<int64_t>(train.size());
  for (const auto& head : parts_->heads) {
    data::LabelBatch labels{at::zeros({rows}), at::zeros({rows}, at::kBool), at::zeros({rows}, at::kBool)};
    if (const int64_t genes = gene_count(labels_, head.name)) labels.value = at::zeros({rows, genes});
    for (int64_t i = 0; i < rows; ++i) {
      const auto& label = cohort.label(train[static_cast<size_t>(i)], head.name);
      if (!label.known) continue;
      labels.known[i] = true;
      if (label.values.empty())
        labels.value[i] = label.value;
      else
        labels.value[i].copy_(at::tensor(label.values));
      labels.event[i] = label.event;
    }
    fit_head(head.name, labels);
  }
}

void Model::fit_head(const std::string& name, const data::LabelBatch& training) {
  for (const auto& head : parts_->heads)
    if (head.name == name) {
      core::with_context("head " + name, [&] { head.module->fit(training); });
      return;
    }
  core::fail_usage("the model has no head `" + name + "`");
}

at::Tensor Model::loss(const Outputs& outputs, const data::Batch& batch,
                       std::map<std::string, double>* parts) {
  at::Tensor total;
  for (const auto& head : parts_->heads) {
    const auto labels = batch.labels.find(head.name);
    if (labels == batch.labels.end()) continue;
    const at::Tensor value =
        core::with_context([&] { return "head " + head.name; },
                           [&] { return head.module->loss(outputs.raw.at(head.name), labels->second); });
    if (!value.defined()) continue;
    if (parts != nullptr) (*parts)[head.name] = value.item<double>();
    const at::Tensor weighted = value * head.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

std::map<std::string, at::Tensor> Model::predict(const Outputs& outputs) {
  std::map<std::string, at::Tensor> predictions;
  for (const auto& head : parts_->heads)
    predictions[head.name] = head.module->predict(outputs.raw.at(head.name).to(at::kFloat));
  return predictions;
}

}  // namespace photo51::model
