#pragma once
/// The `cohort:` section of a config.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::data {

struct SplitOptions {
  std::string by = "site";            ///< column that `hold_out` names values of; site = the cohort's `site`
  std::vector<std::string> hold_out;  ///< sites kept aside as the test set
  double test_fraction = 0;           ///< of patients, at random, when no site is held out
  int64_t folds = 0;    ///< cross-validation over the rest; 0 = one split with `validation_fraction`
  std::string fold_by;  ///< column; each of its values is a fold (leave one site out); empty = random folds
  double validation_fraction = 0.2;
  std::string stratify;  ///< a head's name; empty = the first binary or multiclass head
  std::string group;     ///< column; rows that share a value stay in one part; blank = alone
  int64_t seed = 0;
};
void describe(config::Fields& f, SplitOptions& o);

/// Prepared images on disk, shared by processes; docs/cache.md.
struct CacheOptions {
  std::filesystem::path folder;  ///< empty = none
  double max_gib = 64;           ///< above this the images read longest ago are removed
};
void describe(config::Fields& f, CacheOptions& o);

/// A case that cannot be loaded: stop, or report, count and leave it out.
enum class BadCase { error, skip };
/// Of what in files tells who the patient is.
enum class PrivacyCheck { warn, strict, ignore };
/// Where the voxels may lie that a header names: in its own folder, or anywhere.
enum class DetachedFiles { beside, anywhere };
/// As configs write them.
std::span<const std::string_view> enum_names(BadCase);
std::span<const std::string_view> enum_names(PrivacyCheck);
std::span<const std::string_view> enum_names(DetachedFiles);

struct CohortOptions {
  std::filesystem::path manifest;
  std::filesystem::path data_root;  ///< that the manifest's relative paths are taken from; empty = its own
  std::string id = "patient";       ///< column
  std::string site = "site";        ///< column; may be absent from the manifest
  BadCase on_bad_case = BadCase::error;
  bool strict = false;  ///< what readers warn of is an error
  PrivacyCheck privacy = PrivacyCheck::warn;
  double max_gib_per_file = 8;  ///< that the pixels of one file may take; imaging/file_limits.hpp
  DetachedFiles detached_files = DetachedFiles::beside;
  SplitOptions split;
  CacheOptions cache;
};
void describe(config::Fields& f, CohortOptions& o);

}  // namespace photo51::data
