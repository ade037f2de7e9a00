#include "data/modality/fitted.hpp"

#include <nlohmann/json.hpp>

#include "core/learned.hpp"
#include "data/modality/modality.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

using Json = nlohmann::json;

void fail_not_fitted(const std::string& input) {
  core::fail_data("nothing was fitted for input `" + input + "`; fit it on the training part first");
}

void fail_other_state(const std::string& what) {
  core::fail_usage(what + " is of another modality; fit both parts with one config");
}

std::string to_json(const FittedTransforms& fitted) {
  Json all{{"inputs", Json::object()}, {"classes", Json::object()}};
  for (const auto& [name, state] : fitted.inputs) all["inputs"][name] = state->to_json();
  for (const auto& [head, names] : fitted.classes) all["classes"][head] = names;
  for (const auto& [head, words] : fitted.negative) all["negative"][head] = words;
  return all.dump();
}

namespace {

std::map<std::string, std::vector<std::string>> names_by_head(const core::Learned& told, const char* what) {
  std::map<std::string, std::vector<std::string>> names;
  if (!told.has(what)) return names;
  const auto heads = told.at(what);
  for (const auto& head : heads.keys())
    if (heads.has(head)) names[head] = heads.at(head).texts();
  return names;
}

}  // namespace

FittedTransforms fitted_from(const std::string& json, const Inputs& inputs) {
  const Json all =
      core::with_context("what was fitted on the training part", [&] { return core::parse_learned(json); });
  const core::Learned told(all);
  FittedTransforms fitted;
  const bool any = told.has("inputs");
  for (const auto& [name, input] : inputs)
    if (any && told.at("inputs").has(name))
      if (auto state = modality_of(input).fitted(told.at("inputs").at(name), input))
        fitted.inputs[name] = std::move(state);
  fitted.classes = names_by_head(told, "classes");
  fitted.negative = names_by_head(told, "negative");
  return fitted;
}

namespace {

/// Of heads: both parts have to mean the same by a class.
std::map<std::string, std::vector<std::string>> same_names(
    const std::map<std::string, std::vector<std::string>>& a,
    const std::map<std::string, std::vector<std::string>>& b, const char* key) {
  if (a == b) return a;
  for (const auto& [head, names] : a)
    if (const auto other = b.find(head); other == b.end() || other->second != names)
      core::fail_usage("head " + head + ": the parts were fitted with different words (" +
                       core::join(names, ", ") + " in the first); name them with the head's `" + key + "`");
  core::fail_usage("head " + b.begin()->first +
                   ": one part knows no words of it; name them with the head's `" + std::string(key) + "`");
}

}  // namespace

FittedTransforms merge(const FittedTransforms& a, const FittedTransforms& b) {
  FittedTransforms merged;
  for (const auto& [name, state] : a.inputs) {
    const auto other = b.inputs.find(name);
    if (other == b.inputs.end()) core::fail_usage("input " + name + ": was fitted in one of the parts only");
    merged.inputs[name] = core::with_context("input " + name, [&] { return state->merged(*other->second); });
  }
  for (const auto& [name, state] : b.inputs)
    if (!a.inputs.contains(name)) core::fail_usage("input " + name + ": was fitted in one of the parts only");
  merged.classes = same_names(a.classes, b.classes, "classes");
  merged.negative = same_names(a.negative, b.negative, "negative");
  return merged;
}

}  // namespace photo51::data
