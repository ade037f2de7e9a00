#include "photo51/data/modality/numbers.hpp"

#include <array>

namespace photo51::data {

std::span<const std::string_view> enum_names(HarmonizeMethod) {
  static constexpr std::array<std::string_view, 2> names{"none", "combat"};
  return names;
}

std::span<const std::string_view> enum_names(UnseenSite) {
  static constexpr std::array<std::string_view, 2> names{"error", "standardise_only"};
  return names;
}

void describe(config::Fields& f, HarmonizeOptions& o) {
  f("method", o.method,
    "combat: empirical Bayes shifts and scales of each site, learned from the training part");
  f("by", o.by, "what a site is: `site`, the cohort's site column, or another manifest column");
  f("covariates", o.covariates, "manifest columns, numeric or text, whose effect on the features is kept");
  f("mean_only", o.mean_only, "only shifts are taken out, no scales; for sites of one or two patients");
  f("reference", o.reference, "a site that stays as it is; empty = all sites move to their common mean");
  f("unseen_site", o.unseen_site,
    "a site that the training part does not have: stop, or only standardise its features");
}

void describe_clip(config::Fields& f, NumberOptions& o) {
  f("clip", o.clip, "z-scores are clipped to ± this; 0 = off", {.min = 0});
}

void describe_harmonize(config::Fields& f, NumberOptions& o) {
  f.section("harmonize", o.harmonize,
            "takes out differences between sites; of clinical columns the numbers'");
}

}  // namespace photo51::data
