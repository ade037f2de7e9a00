#include "photo51/data/options/cohort.hpp"

#include <array>

namespace photo51::data {

void describe(config::Fields& f, SplitOptions& o) {
  f("by", o.by, "manifest column that `hold_out` names values of; `site` is the cohort's site column");
  f("hold_out", o.hold_out, "sites whose patients are kept aside as the test set");
  f("test_fraction", o.test_fraction, "part of the patients kept aside at random when no site is held out",
    {.min = 0, .max = 0.9});
  f("folds", o.folds, "folds of the cross-validation over the rest; 0 = one split", {.min = 0, .max = 100});
  f("fold_by", o.fold_by,
    "manifest column, or `site`: each of its values is left out by turns, in place of `folds` at random "
    "(leave one site "
    "out)");
  f("validation_fraction", o.validation_fraction,
    "part of the rest that validates when there are no folds; 0 = none", {.min = 0, .max = 0.9});
  f("stratify", o.stratify,
    "head whose classes are spread evenly; empty = the first binary or multiclass head, else survival "
    "events");
  f("group", o.group,
    "manifest column; rows that share a value stay in one part (a patient's images, near duplicates); blank "
    "= "
    "alone");
  f("seed", o.seed, "of the random parts; the same seed gives the same split", {.min = 0});
  f.check(o.folds != 1, "folds", "must be 0 (one split) or at least 2");
  f.check(o.hold_out.empty() || o.test_fraction == 0, "test_fraction",
          "give either hold_out or test_fraction, not both");
}

void describe(config::Fields& f, CacheOptions& o) {
  f("folder", o.folder, "where prepared images are kept for later runs and other processes; empty = nowhere");
  f("max_gib", o.max_gib, "above this size the images that were read longest ago are removed",
    {.min = 0.001, .unit = "GiB"});
}

std::span<const std::string_view> enum_names(BadCase) {
  static constexpr std::array<std::string_view, 2> names{"error", "skip"};
  return names;
}

std::span<const std::string_view> enum_names(PrivacyCheck) {
  static constexpr std::array<std::string_view, 3> names{"warn", "strict", "ignore"};
  return names;
}

std::span<const std::string_view> enum_names(DetachedFiles) {
  static constexpr std::array<std::string_view, 2> names{"beside", "anywhere"};
  return names;
}

void describe(config::Fields& f, CohortOptions& o) {
  f("manifest", o.manifest,
    "CSV or TSV, one row a patient: id, site, the inputs' files, labels; blanks are legal");
  f("data_root", o.data_root,
    "folder that relative paths in the manifest are taken from; empty = the manifest's own");
  f("id", o.id, "column of the patient's id");
  f("site", o.site, "column of the site; may be absent from the manifest");
  f("on_bad_case", o.on_bad_case, "a case that cannot be loaded: stop, or report it and leave it out");
  f("strict", o.strict, "what a reader warns of (warnings.csv) is an error; the case is a bad one");
  f("privacy", o.privacy,
    "what in files tells who the patient is: warn of it, refuse it and what cannot be checked, or ignore");
  f("max_gib_per_file", o.max_gib_per_file,
    "a file whose header promises pixels that take more than this when they are unpacked is refused",
    {.min = 0.001, .unit = "GiB"});
  f("detached_files", o.detached_files,
    "where the files lie that a header (.mhd, .nhdr, .mrxs, .vms) names: in its own folder, or anywhere");
  f.section("split", o.split, "who trains, who validates, who tests");
  f.section("cache", o.cache, "prepared images on disk");
}

}  // namespace photo51::data
