#pragma once
/// What a Cohort holds; read by the other files of this room.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/cohort/case_files.hpp"
#include "data/cohort/stores.hpp"
#include "data/modality/modality.hpp"
#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

struct Cohort::Impl : Manifest {
  void build(bool is_single, bool require_labels);
  size_t input_index(const std::string& input) const;
  bool has_input(size_t input, size_t row) const { return modality(input).has(*this, input, row); }

  const std::string& name(size_t input) const { return inputs[input].first; }
  const config::Choice& choice(size_t input) const { return inputs[input].second; }
  const Modality& modality(size_t input) const { return *modalities[input]; }
  /// Those of its own modality; only that one's file asks.
  template <class T>
  const T& own(size_t input) const {
    return choice(input).as<T>();
  }
  /// What modalities of a sort share; the row has to have the sort.
  const FileOptions& file_options(size_t input) const {
    return modality(input).files->options(choice(input));
  }
  const ImageOptions& image_options(size_t input) const {
    return modality(input).image->options(choice(input));
  }
  const NumberOptions& number_options(size_t input) const {
    return modality(input).numbers->options(choice(input));
  }
  /// The channel that a file of a row shows.
  const std::string& channel_of(size_t input, size_t row, size_t file) const {
    return names[input].channels[files[input][row].channel_of(file)];
  }

  /// Tells the cohort's warnings what is odd about a case's files. Error (data) when they count as errors.
  void report(size_t input, size_t row, size_t instance, const FileWarnings& found) const;
  /// Tells them what is no reader's to say, and never an error; logged once.
  void note(const Warning& warning) const;
  /// Logs, once an input, what its normalisation takes statistics from where that is left to the data.
  void report_regions(size_t input, const std::set<std::string>& regions) const;

  Inputs inputs;
  std::vector<const Modality*> modalities;  ///< by input
  std::vector<InputColumns> names;          ///< by input: what its columns are called
  std::vector<InputCells> columns;          ///< by input: where they stand
  CaseFiles files;
  Stores stores;
  std::vector<TaskSpec> labels;
  std::map<std::string, std::vector<Case::Label>> label_values;  ///< by head, row
  std::shared_ptr<Warnings> warnings = std::make_shared<Warnings>();
};

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
