#pragma once
/// What a Cohort holds; read by the other files of this room.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "data/cohort/file_warnings.hpp"
#include "data/images/slides.hpp"
#include "photo51/core/table.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/options/cohort.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/genomics/expression.hpp"

namespace photo51::data {

class DiskCache;

struct Cohort::Impl {
  /// The manifest columns of one input. Only a cohort of one case (`single`) may lack some.
  struct Columns {
    std::vector<std::optional<size_t>> channels, registrations, mpps, clinical, center;
    std::optional<size_t> mask, table;
  };
  /// The files of one patient; an empty path is a blank cell.
  struct Files {
    std::vector<std::filesystem::path> channels;       ///< of a bag: its files, view by view
    std::vector<std::filesystem::path> registrations;  ///< by channel, not of a bag
    std::filesystem::path mask;
    std::vector<size_t> views;                    ///< of a bag: the channel that each file comes from
    std::vector<double> mpps;                     ///< of slides, by channel; 0 = the manifest does not say
    std::optional<std::array<double, 2>> center;  ///< x, y: the one tile to show
  };
  /// One patient's row of an expression table; no table = the patient has none.
  struct Sample {
    std::shared_ptr<const genomics::Expression> table;
    std::filesystem::path path;
    size_t row = 0;
    std::string problem;  ///< why the table cannot be read: the case is bad (`on_bad_case: skip` only)
  };
  /// Numbers that describe a case's region, before scaling. Cases share the names.
  struct Described {
    std::shared_ptr<const std::vector<std::string>> names;
    std::vector<double> values;  ///< NaN = undefined; perturbed: a feature's values one after the other
    FileWarnings warnings{};
  };

  void build(bool is_single, bool require_labels);
  size_t input_index(const std::string& input) const;
  bool has_input(size_t input, size_t row) const;
  const std::string& cell(size_t row, size_t column) const { return table.rows[row][column]; }
  /// "cohort.csv:12: column `age`", for messages.
  std::string where(size_t row, size_t column) const {
    return table.where(row) + ": column `" + table.columns[column] + "`";
  }
  std::filesystem::path resolve(const std::string& named) const;
  /// Tells the cohort's warnings what is odd about a case's files. Error (data) when they count as errors.
  void report(size_t input, size_t row, size_t instance, const FileWarnings& found) const;
  /// Tells them what is no reader's to say, and never an error; logged once.
  void note(const Warning& warning) const;
  /// Logs, once an input, what its normalisation takes statistics from where that is left to the data.
  void report_regions(size_t input, const std::set<std::string>& regions) const;
  /// XXH3 of a file or of a folder's files in name order; remembered.
  std::string hash_of(const std::filesystem::path& path) const;
  /// The same of many, several at a time, with progress; what cannot be read has no known hash then.
  std::optional<std::string> known_hash(const std::filesystem::path& path) const;
  void hash_all(const std::vector<std::filesystem::path>& paths, const std::string& title) const;

  core::Table table;
  std::filesystem::path folder;  ///< that relative paths are taken from
  CohortOptions options;
  Inputs inputs;
  std::vector<TaskSpec> labels;
  std::vector<std::string> ids, sites;
  std::vector<Columns> columns;                                  ///< by input
  std::vector<std::vector<Files>> files;                         ///< by input, row; empty for tabular inputs
  std::vector<std::vector<Sample>> samples;                      ///< by input, row; empty but for omics
  std::map<std::string, std::vector<Case::Label>> label_values;  ///< by head, row

  std::shared_ptr<Warnings> warnings = std::make_shared<Warnings>();
  std::shared_ptr<DiskCache> disk;  ///< null without `cohort.cache.folder`
  std::shared_ptr<Slides> slides = std::make_shared<Slides>();
  /// Files that a case shows several parts of (frames, times, b-values), by input and path.
  using SharedFiles = Memoizer<std::pair<size_t, std::string>, imaging::Volume>;
  std::shared_ptr<SharedFiles> shared_files = std::make_shared<SharedFiles>(4);
  mutable std::mutex mutex;
  mutable std::map<std::filesystem::path, std::string> hashes;
  mutable std::set<std::pair<size_t, std::string>> told_regions;  ///< by input
  /// By input, row, and whether image and mask were perturbed.
  using Descriptions = Memoizer<std::tuple<size_t, size_t, bool>, Described>;
  std::shared_ptr<Descriptions> descriptions = std::make_shared<Descriptions>();
  mutable std::vector<std::shared_ptr<const std::vector<std::string>>> name_lists;  ///< each once
  mutable std::map<std::pair<size_t, size_t>, std::vector<std::vector<double>>>
      landmarks;  ///< of histograms, by input, row; by channel

 private:
  void read_ids();
  void find_columns(size_t input, bool is_single);
  void find_files(size_t input);
  void find_samples(size_t input);
  /// Where on slides the row looks, and how fine they are.
  void find_places(size_t input, size_t row, Files& named) const;
  double number(size_t row, size_t column, const char* of, double least) const;
  std::optional<size_t> find_column(const std::string& input, const std::string& name) const;
  std::optional<size_t> find_shared_column(const std::string& name) const;
  /// The input whose columns a channel is found by: its own, or the one that `from` names.
  std::string owner_of(size_t input, size_t channel, bool is_single) const;
  std::optional<size_t> require_column(const std::string& input, const std::string& name,
                                       bool is_single) const;
  std::filesystem::path file(size_t row, size_t column) const;
  std::filesystem::path named_file(const std::string& named, size_t row, size_t column) const;
  /// The files of a cell of a bag, which `;` separates.
  std::vector<std::filesystem::path> instance_files(size_t row, size_t column) const;
};

/// `folder#UID`, which names one series of a folder, or `mask.dcm#ROI` as path and choice; the choice is
/// empty for any other path.
std::pair<std::filesystem::path, std::string> split_series(const std::filesystem::path& path);

/// Error (usage) when a column that a head is to predict is among the numbers that the head sees, or says how
/// they are harmonized.
void check_label_columns(const Cohort::Impl& cohort);
/// Error (data) at a column that is nearly, but not, one that would be read if it were there, such as
/// `flair.registratoin`: its absence says something else.
void check_optional_columns(const Cohort::Impl& cohort);
/// Warns when there is no site column but one that is written nearly so.
void warn_of_absent_site(const Cohort::Impl& cohort);

/// Warns once an input of what in its files tells who a patient is. Errors (data) when the cohort's privacy
/// is strict: of that, and of files that cannot be looked through.
void check_privacy(const Cohort::Impl& cohort);

/// Reads the labels of every head into `cohort.label_values` and fills in class names. Errors (data) with
/// file:line when `require`; otherwise what cannot be read is unknown, with a warning.
void read_labels(Cohort::Impl& cohort, bool require);

}  // namespace photo51::data
