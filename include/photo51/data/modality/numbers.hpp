#pragma once
/// What inputs that are a row of numbers have in common.

#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::data {

/// ComBat (Johnson, Li and Rabinovic, Biostatistics 2007): takes out what a site adds to and multiplies
/// features with, learned from the training part.
struct HarmonizeOptions {
  std::string method = "none";          ///< none, combat
  std::string by = "site";              ///< the cohort's site, or a manifest column
  std::vector<std::string> covariates;  ///< manifest columns whose effect is kept
  bool mean_only = false;               ///< shifts only, no scales
  std::string reference;                ///< a site that stays as it is; empty = all move to their common mean
  std::string unseen_site = "error";    ///< or standardise_only: its features are scaled but not moved
};
void describe(config::Fields& f, HarmonizeOptions& o);

struct NumberOptions {
  double clip = 10;  ///< of z-scores; 0 = off
  HarmonizeOptions harmonize;
};
void describe_clip(config::Fields& f, NumberOptions& o);
void describe_harmonize(config::Fields& f, NumberOptions& o);

}  // namespace photo51::data
