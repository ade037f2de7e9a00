#pragma once
/// What an input learns: the states of all modalities have these parts.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "photo51/data/load/fit.hpp"

namespace photo51::data {

struct CategoryList;
/// Called with what a list of categories is of ("column `sex`") and the list.
using VisitCategories = std::function<void(const std::string& what, CategoryList& list)>;

class FittedInput {
 public:
  virtual ~FittedInput() = default;
  virtual nlohmann::json to_json() const = 0;
  /// Both parts' together. Error (usage): it is not additive, or of another kind; names the alternative.
  virtual std::shared_ptr<const FittedInput> merged(const FittedInput& other) const = 0;
  /// A copy whose lists of categories `visit` has changed; null when it has none.
  virtual std::shared_ptr<const FittedInput> with_categories(const VisitCategories& /*visit*/) const {
    return nullptr;
  }
};
using Fitted = std::shared_ptr<const FittedInput>;

/// As the state of a modality. Error (data): nothing was fitted for the input; (usage): it is another's
/// state.
template <class State>
const State& state_of(const FittedInput* fitted, const std::string& input);

[[noreturn]] void fail_not_fitted(const std::string& input);
[[noreturn]] void fail_other_state(const std::string& what);

template <class State>
const State& state_of(const FittedInput* fitted, const std::string& input) {
  if (fitted == nullptr) fail_not_fitted(input);
  const auto* state = dynamic_cast<const State*>(fitted);
  if (state == nullptr) fail_other_state("input " + input + ": what was fitted");
  return *state;
}
/// The other side of `merged`.
template <class State>
const State& other_state(const FittedInput& other) {
  const auto* state = dynamic_cast<const State*>(&other);
  if (state == nullptr) fail_other_state("the other part's state");
  return *state;
}

}  // namespace photo51::data
