#pragma once
/// What inputs that are a row of numbers have in common.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::data {

enum class HarmonizeMethod { none, combat };
/// A site that the training part does not have: stop, or scale its features and do not move them.
enum class UnseenSite { error, standardise_only };
/// As configs write them.
std::span<const std::string_view> enum_names(HarmonizeMethod);
std::span<const std::string_view> enum_names(UnseenSite);

/// ComBat (Johnson, Li and Rabinovic, Biostatistics 2007): takes out what a site adds to and multiplies
/// features with, learned from the training part.
struct HarmonizeOptions {
  HarmonizeMethod method = HarmonizeMethod::none;
  std::string by = "site";              ///< the cohort's site, or a manifest column
  std::vector<std::string> covariates;  ///< manifest columns whose effect is kept
  bool mean_only = false;               ///< shifts only, no scales
  std::string reference;                ///< a site that stays as it is; empty = all move to their common mean
  UnseenSite unseen_site = UnseenSite::error;
};
void describe(config::Fields& f, HarmonizeOptions& o);

struct NumberOptions {
  double clip = 10;  ///< of z-scores; 0 = off
  HarmonizeOptions harmonize;
};
void describe_clip(config::Fields& f, NumberOptions& o);
void describe_harmonize(config::Fields& f, NumberOptions& o);

}  // namespace photo51::data
