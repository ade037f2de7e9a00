#pragma once
/// A cohort read through its inputs: fits what must be learnt from the training part, loads cases, makes
/// batches.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/batch.hpp"
#include "photo51/data/spec.hpp"
#include "photo51/data/warnings.hpp"

namespace photo51::data {

/// One patient as loaded: prepared inputs (unbatched values, undefined when absent) and labels.
struct Case {
  std::string id, site;
  struct Input {
    at::Tensor values;           ///< [C, D, H, W], [C, H, W] or [F]; a bag [N, C, ...]; undefined = absent
    at::Tensor channel_present;  ///< [C] bool for images, [views] for bags
    at::Tensor view = {};        ///< bags: [N] int64
  };
  std::map<std::string, Input> inputs;
  struct Label {
    bool known = false;
    double value = 0;
    bool event = false;
    std::vector<float> values;  ///< expression, by gene; empty else
  };
  std::map<std::string, Label> labels;
};

/// What is learnt from the training part only and travels with the model as JSON text: gene lists with means
/// and deviations, categories of clinical columns, class names. Prediction uses these numbers, never the new
/// cohort's.
struct Fitted {
  std::string json = "{}";
};

/// A cohort's rows: who they are, where, what they have. Reads the manifest, no images.
class Cohort {
 public:
  /// Errors (usage/data): missing manifest or column (nearest name), duplicate patient, a file that is named
  /// but missing, a label that is not what its head needs (file:line, column, value). Labels are optional
  /// when `require_labels` is false (prediction): columns may be missing altogether.
  Cohort(const CohortOptions& options, const Inputs& inputs, std::vector<LabelSpec> labels,
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
  const std::vector<LabelSpec>& labels()
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

/// Row numbers of each part. `folds[k].train` and `.validation` exclude `test`.
struct Split {
  struct Fold {
    std::vector<int64_t> train, validation;
  };
  std::vector<Fold> folds;
  std::vector<int64_t> test;
};
/// Splits by patient: held-out sites first, then stratified folds or one validation part. Same seed, same
/// split, whatever the order of the rows.
/// Errors: usage (`stratify` names no head); data (unknown site, too few patients, a training part in which a
/// head has nothing to learn from: one class only, all patients censored). With `group`, rows that share a
/// value of that column stay together, and classes are spread as evenly as the groups allow.
Split split_cohort(const Cohort& cohort, const SplitOptions& options);
/// Folds of `rows` alone, for what is chosen within a training part: `folds`, `stratify`, `group` and `seed`
/// of the options count. Errors as above.
std::vector<Split::Fold> fold_rows(const Cohort& cohort, const std::vector<int64_t>& rows,
                                   const SplitOptions& options);
/// Error (data) when a patient, an identical image (by content hash) or, with `group`, a value of that column
/// stands in two parts of a fold; and when a clinical column or a gene is a copy of a class or an
/// event, in whatever words. A warning when one puts a label in order.
void check_leakage(const Cohort& cohort, const Split& split, const std::string& group = "");

/// Learns scalings, gene lists and categories from `train` rows.
Fitted fit(const Cohort& cohort, const std::vector<int64_t>& train);

/// `labels` with the class names and the words for 0 that were fitted: what a trained model's heads mean.
std::vector<LabelSpec> fitted_labels(std::vector<LabelSpec> labels, const Fitted& fitted);

/// Number of channels/features and the size that each input will have, given what was fitted.
struct InputInfo {
  bool image = true;
  int64_t channels = 0;
  int64_t dims = 3;
  std::vector<int64_t> size;          ///< [D,] H, W; empty when cases keep their own size
  std::vector<std::string> features;  ///< tabular: gene or column names
  bool bag = false;                   ///< a case has any number of instances; channels and size are theirs
  int64_t views = 1;                  ///< bags: how many manifest columns instances come from
};
std::map<std::string, InputInfo> input_info(const Inputs& inputs, const Fitted& fitted);

/// Identifies a random stream of augmentation; `epoch` < 0 means none.
struct Draw {
  int64_t seed = 0;
  int64_t epoch = -1;
  std::vector<std::string>
      flip;  ///< test-time augmentation: flip exactly these axes (x, y, z) of every image
};

/// Loads one case. Errors carry `case ID: input NAME: file`; what is odd about its files goes to the cohort's
/// warnings. Prepared images without augmentation are kept in
/// memory
/// (`cache_mib`), so an epoch does not decode again.
class CaseLoader {
 public:
  CaseLoader(const Cohort& cohort, const Fitted& fitted, int64_t cache_mib = 4096);
  /// Shares the images that `other` keeps of the same cohort: they do not depend on what was fitted.
  CaseLoader(const CaseLoader& other, const Fitted& fitted);
  ~CaseLoader();
  Case load(int64_t row, const Draw& draw = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Batch collate(const std::vector<Case>& cases, const std::map<std::string, InputInfo>& info,
              const std::vector<LabelSpec>& labels);

/// Goes through `rows` in the given order in batches, loading ahead on worker threads. A case that cannot be
/// loaded throws, or with `on_bad_case: skip` is handed to `on_bad` and left out.
class Loader {
 public:
  struct Options {
    int64_t batch_size = 8;
    int64_t workers = 2;
    int64_t prefetch = 2;  ///< batches
    bool skip_bad = false;
    std::function<void(int64_t row, const std::string& why)> on_bad;
  };
  Loader(const Cohort& cohort, const CaseLoader& cases, const Fitted& fitted, std::vector<int64_t> rows,
         Draw draw, Options options);
  ~Loader();
  /// False at the end.
  bool next(Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::data
