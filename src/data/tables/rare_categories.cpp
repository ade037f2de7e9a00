#include "photo51/data/tables/rare_categories.hpp"

#include <algorithm>

#include "data/modality/fitted.hpp"
#include "data/tables/categories.hpp"
#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

/// A copy with every list of categories changed.
FittedTransforms changed(const FittedTransforms& fitted, const VisitCategories& visit) {
  FittedTransforms result = fitted;
  for (auto& [name, state] : result.inputs) {
    const auto in_input = [&, &input = name](const std::string& what, CategoryList& list) {
      visit("input " + input + ": " + what, list);
    };
    if (auto other = state->with_categories(in_input)) state = std::move(other);
  }
  return result;
}

}  // namespace

FittedTransforms without_rare(const FittedTransforms& fitted, Hidden& hidden) {
  return changed(fitted, [&](const std::string& what, CategoryList& list) {
    if (!list.counts)
      core::fail_usage(what +
                       ": was fitted by an older photo51, which did not count the patients of a category; "
                       "train again, or give --keep-rare-categories to publish the names of all");
    int64_t here = 0;
    for (size_t i = 0; i < list.names.size(); ++i)
      if ((*list.counts)[i] < fewest_patients) {
        list.names[i].reset();
        ++here;
      }
    list.counts.reset();
    if (here == 0) return;
    auto& [most, of] = hidden[what];
    most = std::max(most, here);
    of = std::max(of, static_cast<int64_t>(list.names.size()));
  });
}

FittedTransforms without_counts(const FittedTransforms& fitted) {
  return changed(fitted, [](const std::string&, CategoryList& list) { list.counts.reset(); });
}

}  // namespace photo51::data
