#pragma once
/// What a cohort keeps of what was read: tables of genes by patients, opened slides, descriptions of regions.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "data/cache/memoizer.hpp"
#include "data/cohort/file_warnings.hpp"
#include "data/cohort/manifest.hpp"
#include "data/images/slides.hpp"
#include "photo51/genomics/expression.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"

namespace photo51::data {

class DiskCache;
class Segmenter;

/// One patient's row of a table of genes; no table = the patient has none.
struct Sample {
  std::shared_ptr<const genomics::Expression> table;
  std::filesystem::path path;
  size_t row = 0;
  std::string problem;  ///< why the table cannot be read: the case is bad (`on_bad_case: skip` only)
};
/// Each patient's, from the tables that a column names, or from the one at the path `table`. Error (data): it
/// is neither; a table of several patients that cannot be read.
std::vector<Sample> read_samples(const Manifest& manifest, const std::string& input, const std::string& table,
                                 std::optional<size_t> column);

/// Numbers that describe a case's region, before scaling. Cases share the names.
struct Described {
  std::shared_ptr<const std::vector<std::string>> names;
  std::vector<double> values;  ///< NaN = undefined; perturbed: a feature's values one after the other
  FileWarnings warnings{};
};

/// The tiles of a mammogram, in pixels of its file, and what a tile is cut out with.
struct BreastTiling {
  std::vector<preprocess::Tile> tiles;
  preprocess::Side wall = preprocess::Side::left;
  double air = 0;
};

struct Stores {
  std::vector<std::vector<Sample>> samples;  ///< by input, row; empty but for tables of genes
  std::shared_ptr<DiskCache> disk;           ///< null without `cohort.cache.folder`
  mutable Slides slides;
  /// Files that a case shows several parts of (frames, times, b-values), by input and path.
  mutable Memoizer<std::pair<size_t, std::string>, imaging::Volume> shared_files{4};
  /// By input; loaded when a case first asks.
  mutable Memoizer<size_t, std::shared_ptr<const Segmenter>> segmenters;
  mutable Memoizer<std::pair<size_t, std::string>, BreastTiling> breast_tilings;  ///< by input and path
  /// By input, row, and whether image and mask were perturbed.
  mutable Memoizer<std::tuple<size_t, size_t, bool>, Described> descriptions;

  /// One list for all cases that have the same names.
  std::shared_ptr<const std::vector<std::string>> shared_names(
      std::shared_ptr<const std::vector<std::string>> names) const;
  /// Landmarks of one image's histogram, by channel: made once, for the other folds.
  std::vector<std::vector<double>> landmarks(
      size_t input, size_t row, const std::function<std::vector<std::vector<double>>()>& make) const;
  /// Whether this is told for the first time.
  bool is_news(size_t input, const std::string& region) const;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const std::vector<std::string>>> name_lists_;  ///< each once
  mutable std::map<std::pair<size_t, size_t>, std::vector<std::vector<double>>> landmarks_;
  mutable std::set<std::pair<size_t, std::string>> told_regions_;  ///< by input
};

}  // namespace photo51::data
