#include "photo51/data/tables/rare_categories.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "data/tables/tabular.hpp"
#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

using Json = nlohmann::json;
/// Called with a list of names, what holds the list and its counts, the counts' key, and what they are.
using Visit = std::function<void(Json& names, Json& holder, const char* counts, const std::string& what)>;

/// Every list of categories in a fitted state.
void visit_categories(Json& all, const Visit& visit) {
  const auto inputs = all.find("inputs");
  if (inputs == all.end()) return;
  for (auto& [name, input] : inputs->items()) {
    const std::string of = "input " + name + ": ";
    if (const auto columns = input.find("columns"); columns != input.end())
      for (auto& column : *columns)
        if (column.at("kind") == "text")
          visit(column.at("values"), column, "counts",
                of + "column `" + column.at("name").get<std::string>() + "`");
    const auto harmonize = input.find("harmonize");
    if (harmonize == input.end() || harmonize->is_null()) continue;
    visit(harmonize->at("sites"), *harmonize, "site_counts", of + "harmonize.by");
    for (auto& covariate : harmonize->at("covariates"))
      if (!covariate.at("number").get<bool>())
        visit(covariate.at("values"), covariate, "counts",
              of + "harmonize.covariates `" + covariate.at("name").get<std::string>() + "`");
  }
}

/// Errors of the document are those of a broken state.
FittedTransforms changed(const FittedTransforms& fitted, const Visit& visit) {
  Json all = parse_fitted(fitted);
  try {
    visit_categories(all, visit);
  } catch (const Json::exception& error) {
    core::fail_data(std::string("what was fitted on the training part is broken: ") + error.what());
  }
  return {all.dump()};
}

}  // namespace

FittedTransforms without_rare(const FittedTransforms& fitted, Hidden& hidden) {
  return changed(fitted, [&](Json& names, Json& holder, const char* key, const std::string& what) {
    const auto counts = holder.find(key);
    if (counts == holder.end() || counts->size() != names.size())
      core::fail_usage(what +
                       ": was fitted by an older photo51, which did not count the patients of a category; "
                       "train again, or give --keep-rare-categories to publish the names of all");
    int64_t here = 0;
    for (size_t i = 0; i < names.size(); ++i)
      if ((*counts)[i].get<int64_t>() < fewest_patients) {
        names[i] = nullptr;
        ++here;
      }
    holder.erase(key);
    if (here == 0) return;
    auto& [most, of] = hidden[what];
    most = std::max(most, here);
    of = std::max(of, static_cast<int64_t>(names.size()));
  });
}

FittedTransforms without_counts(const FittedTransforms& fitted) {
  return changed(fitted, [](Json&, Json& holder, const char* key, const std::string&) { holder.erase(key); });
}

}  // namespace photo51::data
