#pragma once
/// The rows of a cohort: who they are, where, what they have.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/cohort/warnings.hpp"
#include "photo51/data/load/case.hpp"
#include "photo51/data/options/cohort.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::data {

/// A cohort's rows: who they are, where, what they have. Reads the manifest, no images.
class Cohort {
 public:
  /// Errors (usage/data): options that a config could not have, missing manifest or column (nearest name),
  /// duplicate patient, a file that is named but missing, a label that is not what its head needs (file:line,
  /// column, value). Labels are optional when `require_labels` is false (prediction): columns may be missing
  /// altogether.
  Cohort(const CohortOptions& options, const Inputs& inputs, std::vector<TaskSpec> labels,
         bool require_labels = true);
  ~Cohort();
  Cohort(Cohort&&) noexcept;
  Cohort& operator=(Cohort&&) noexcept;

  /// A cohort of one case made from `input.channel=path` pairs (`mri.flair=a.nii.gz`, `mri.seg=…`,
  /// `genes.table=e.tsv`, `clinical.age=54`, `patient=P7`). A file serves every input that has its channel.
  /// Error (usage) with the nearest name otherwise.
  /// Of `options`, `strict` and `privacy` count.
  static Cohort single(const Inputs& inputs, const std::vector<std::string>& assignments,
                       const CohortOptions& options = {});

  int64_t size() const;
  const std::string& id(int64_t row) const;
  const std::string& site(int64_t row) const;  ///< "" when there is no site column
  const Case::Label& label(int64_t row, const std::string& head) const;
  bool has_input(int64_t row, const std::string& input) const;
  const std::vector<TaskSpec>& labels()
      const;  ///< multiclass names filled in from the data when they were empty
  const Inputs& inputs() const;
  /// A cell of the manifest by column, "" when the column is absent (for `groups: [sex]`).
  std::string cell(int64_t row, const std::string& column) const;
  /// XXH3 of the files (cells of clinical columns) of one input of one row, "" when absent; of the manifest.
  /// For environment.json.
  std::string file_hash(int64_t row, const std::string& input) const;
  std::string manifest_hash() const;
  /// XXH3 of what is used of one row apart from its inputs: id, site, labels, and the cells that splitting
  /// and harmonisation look at. Like `file_hash`, it does not depend on where the files lie.
  std::string row_hash(int64_t row) const;

  /// What was odd about the files that were read so far, in the order of the rows; those of the manifest
  /// first.
  std::vector<Warning> warnings() const;
  /// Takes over what an earlier process found.
  void recall_warnings(const std::vector<Warning>& found) const;
  /// Logs and records that a case is left out. `why` is an error's text: where it begins with the case's
  /// name that is not said again.
  void report_left_out(const std::string& case_id, const std::string& why) const;
  /// Logs how many more files have the warnings of which only the first were logged.
  void summarise_warnings() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  Cohort();
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::data
