#include <set>

#include "photo51/backbones/options.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/model/model.hpp"

namespace photo51::model {
namespace {

using Kind = data::LabelSpec::Kind;

Kind kind_of(const std::string& task) {
  if (task == "multiclass") return Kind::multiclass;
  if (task == "regression") return Kind::regression;
  return task == "survival" ? Kind::survival : Kind::binary;
}

/// Names become parts of parameter names, which are separated by dots.
template <class Entries>
void check_names(config::Fields& f, const Entries& entries, const char* field) {
  std::set<std::string> seen;
  for (const auto& [name, entry] : entries) {
    f.check(!name.empty() && name.find('.') == std::string::npos, field,
            "the name `" + name + "` may not be empty or hold a dot");
    f.check(seen.insert(name).second, field, "the name `" + name + "` stands twice");
  }
}

}  // namespace

const config::Components& encoders() {
  static const config::Components components = {
      config::component<backbones::ResNetOptions>("resnet", "residual convolutional network, 2D or 3D"),
      config::component<backbones::VitOptions>("vit", "vision transformer, 2D or 3D"),
      config::component<backbones::ConvNetOptions>("conv_net", "small plain convolutional network, 2D or 3D"),
      config::component<radiogenomics::SnnOptions>("snn", "self-normalising network for tables (omics)"),
      config::component<radiogenomics::LinearOptions>("linear",
                                                      "a table's features, as they are or projected"),
  };
  return components;
}

const config::Components& fusions() {
  static const config::Components components = {
      config::component<fusion::ConcatOptions>("concat", "embeddings side by side; absent ones replaced"),
      config::component<fusion::GatedOptions>("gated", "sum of embeddings weighted by a softmax gate"),
  };
  return components;
}

void describe(config::Fields& f, ModelOptions& o) {
  f.choice_group("encoders", o.encoders, encoders(), "an encoder for each input that the model uses",
                 {.required = true});
  f.choice("fusion", o.fusion, fusions(), "how the inputs' embeddings are combined");
  f.group("heads", o.heads, "what is predicted", {.required = true});
  f("dropout", o.dropout, "dropout of the fused embedding in training", {.min = 0, .max = 1});
  f.check(!o.encoders.empty(), "encoders", "needs at least one encoder");
  f.check(!o.heads.empty(), "heads", "needs at least one head");
  f.check(o.dropout < 1, "dropout", "must be below 1");
  check_names(f, o.encoders, "encoders");
  check_names(f, o.heads, "heads");
}

std::vector<data::LabelSpec> label_specs(const ModelOptions& options) {
  std::vector<data::LabelSpec> specs;
  for (const auto& [name, head] : options.heads) {
    data::LabelSpec spec;
    spec.head = name;
    spec.kind = kind_of(head.task);
    const bool survival = spec.kind == Kind::survival;
    spec.column = !head.label.empty() ? head.label : survival ? "time" : name;
    if (survival) spec.event_column = head.event;
    spec.positive = head.positive;
    if (!radiogenomics::class_count(head)) spec.classes = head.classes;
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace photo51::model
