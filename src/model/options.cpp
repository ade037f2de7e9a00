#include "photo51/model/options.hpp"

#include <algorithm>
#include <set>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/core/error.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/radiogenomics/encoders/table_encoders.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::model {
namespace {

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

/// What a head sees, a stack through the heads that it combines; empty = all.
std::vector<std::string> inputs_of(const ModelOptions& options, const config::Choice& head) {
  if (radiogenomics::seen_by(head) == radiogenomics::Sees::maps) return {radiogenomics::input_of(head)};
  const auto& own = radiogenomics::head_options(head).inputs;
  if (radiogenomics::seen_by(head) != radiogenomics::Sees::heads) return own;
  const auto stacked = learners::combination_of(radiogenomics::estimator_of(head)).heads;
  std::vector<std::string> inputs;
  for (const auto& [name, other] : options.heads) {
    if (std::find(stacked.begin(), stacked.end(), name) == stacked.end()) continue;
    const auto& more = radiogenomics::head_options(other).inputs;
    if (more.empty()) return {};
    inputs.insert(inputs.end(), more.begin(), more.end());
  }
  return inputs;
}

}  // namespace

const config::Components& encoders() {
  const auto& images = backbones::image_encoders().components();
  const auto& tables = radiogenomics::table_encoders().components();
  static config::Components all = config::joined(images, tables);
  if (all.size() != images.size() + tables.size())  // other code has added its own since
    all = config::joined(images, tables);
  return all;
}

const config::Components& fusions() {
  return fusion::fusions().components();
}

void describe(config::Fields& f, ModelOptions& o) {
  f.choice_group("encoders", o.encoders, encoders(), "an encoder for each input that the model uses",
                 {.required = true});
  f.choice("fusion", o.fusion, fusions(), "how the inputs' embeddings are combined");
  f.choice_group("heads", o.heads, radiogenomics::head_components(), "what is predicted", {.required = true},
                 radiogenomics::task_key);
  f("dropout", o.dropout, "dropout of the fused embedding in training", {.min = 0, .max = 1});
  f.check(!o.fusion.empty(), "fusion", "is empty; it takes a name");
  f.check(!o.encoders.empty(), "encoders", "needs at least one encoder");
  f.check(!o.heads.empty(), "heads", "needs at least one head");
  f.check(o.dropout < 1, "dropout", "must be below 1");
  check_names(f, o.encoders, "encoders");
  check_names(f, o.heads, "heads");
}

std::vector<data::TaskSpec> label_specs(const ModelOptions& options) {
  std::vector<data::TaskSpec> specs;
  for (const auto& [name, head] : options.heads) {
    specs.push_back(core::with_context("model.heads." + name, [&, &name = name, &head = head] {
      return radiogenomics::task_spec(name, head);
    }));
    specs.back().inputs = inputs_of(options, head);
  }
  return specs;
}

}  // namespace photo51::model
