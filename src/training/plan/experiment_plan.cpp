#include "photo51/training/plan/experiment_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/plan/image_inputs.hpp"
#include "photo51/training/plan/image_grids.hpp"
#include "training/plan/image_section.hpp"
#include "training/plan/normalize_section.hpp"
#include "training/plan/split_section.hpp"
#include "training/plan/yaml_text.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using data::ColumnNote;

constexpr int64_t steps_of_training = 1500;

/// What is written of an input or head behind its section.
struct Entry {
  std::string name, yaml, why;
};

class Planner {
 public:
  explicit Planner(const PlanRequest& request) : request_(request) {
    if (!(request.memory_gb > 0))
      core::fail_usage("--memory: " + core::format_number(request.memory_gb) + " GB is not above 0");
  }

  ExperimentPlan plan() {
    if (!request_.nnunet.empty()) plans_ = read_nnunet_plans(request_.nnunet, request_.configuration);
    columns_ = data::read_columns(core::read_table(request_.manifest), request_.hints);
    measure();
    choose_segmentation();
    cohort_.manifest = fs::absolute(request_.manifest).lexically_normal();
    cohort_.data_root = request_.hints.data_root.empty()
                            ? fs::path()
                            : fs::absolute(request_.hints.data_root).lexically_normal();
    cohort_.id = columns_.id;
    if (!columns_.site.empty()) cohort_.site = columns_.site;
    take_tables();
    choose_planned();
    split_ = plan_split(cohort_, columns_, columns_.labels);
    leave_out(split_.left_out);
    if (columns_.labels.empty() && !segmented_)
      core::fail_usage(request_.manifest.string() + ": no column can be a head; " + all_left_out() +
                       "name one with --label COLUMN=TASK");
    if (images_.inputs.empty() && tables_.empty() && columns_.clinical.empty())
      core::fail_usage(request_.manifest.string() + ": no column can be an input; " + all_left_out() +
                       "name one with --input COLUMN=MODALITY");
    write();
    return std::move(found_);
  }

 private:
  void leave_out(const std::vector<ColumnNote>& notes) {
    columns_.left_out.insert(columns_.left_out.end(), notes.begin(), notes.end());
  }

  std::string all_left_out() const {
    std::string text;
    for (const auto& note : columns_.left_out) text += "`" + note.column + "` " + note.text + "; ";
    return text;
  }

  void measure() {
    std::vector<data::MeasuredColumn> measured;
    for (const auto& column : columns_.images)
      measured.push_back({column, data::measure_column(column, request_.cases)});
    images_ = data::plan_images(std::move(measured), request_.hints);
    leave_out(images_.left_out);
  }

  /// A mask that a label names, or that stands in a manifest without another label, is what is predicted.
  void choose_segmentation() {
    std::vector<const data::PlannedMask*> asked;
    for (const auto& mask : images_.masks) {
      const auto label = request_.hints.labels.find(mask.column);
      if (label != request_.hints.labels.end() || (columns_.labels.empty() && request_.hints.labels.empty()))
        asked.push_back(&mask);
    }
    if (asked.empty()) return;
    if (asked.size() > 1)
      core::fail_usage(request_.manifest.string() + ": several columns of masks could be predicted (" +
                       asked[0]->column + ", " + asked[1]->column +
                       "); name one with --label COLUMN=segmentation");
    segmented_ = *asked.front();
    std::vector<data::PlannedImage> seen;
    for (auto& input : images_.inputs) {
      if (seen.empty() && input.mask == segmented_->column)
        seen.push_back(input);
      else
        for (const auto& channel : input.channels)
          columns_.left_out.push_back(
              {channel.column.name, "is not what `" + segmented_->column + "` is drawn on"});
    }
    if (seen.empty())
      core::fail_usage(request_.manifest.string() + ": no image belongs to the mask `" + segmented_->column +
                       "`; call its column after the image's, IMAGE_mask");
    images_.inputs = seen;
    for (const auto& label : columns_.labels)
      columns_.left_out.push_back({label.spec.column,
                                   "is not predicted from patches; plan a config without "
                                   "--label " +
                                       segmented_->column});
    columns_.labels.clear();
    columns_.clinical.clear();
    columns_.tables.clear();
  }

  /// The input that the plans are of.
  void choose_planned() {
    if (!plans_) return;
    core::with_context(request_.nnunet.string(),
                       [&] { return normalize_of(*plans_); });  // or an error of them
    std::vector<std::string> fitting;
    for (const auto& input : images_.inputs)
      if (input.channels.size() == plans_->channels.size() &&
          (input.dims == static_cast<int64_t>(plans_->plan.axes.size()) || (segmented_ && input.dims == 3)))
        fitting.push_back(input.name);
    if (fitting.size() != 1)
      core::fail_usage(request_.nnunet.string() + ": is of " + std::to_string(plans_->channels.size()) +
                       " channel(s) in " + std::to_string(plans_->plan.axes.size()) + " dimensions, and " +
                       (fitting.empty() ? "no input of " : "several inputs of ") +
                       request_.manifest.string() + " " + (fitting.empty() ? "is" : "are") +
                       (fitting.empty() ? "" : " (" + core::join(fitting, ", ") + ")") +
                       "; leave other columns out with --ignore");
    planned_ = fitting.front();
    if (plans_->plan.axes.size() == 2 && plans_->plan.axes != std::vector<size_t>{1, 2})
      core::fail_usage(
          request_.nnunet.string() + ": " + plans_->configuration +
          " is of slices across another axis than z, which no input has; take --configuration 3d_fullres");
  }

  /// A table is an input when it reads as one of genes by patients.
  void take_tables() {
    for (const auto& column : columns_.tables) {
      data::OmicsOptions options;
      options.table = column.name;
      try {
        data::Cohort(cohort_, {{"table", data::input(options)}}, {});
        tables_.push_back(column.name);
      } catch (const core::Error& error) {
        columns_.left_out.push_back(
            {column.name, std::string("is no table of genes by patients: ") + error.what()});
      }
    }
  }

  void write() {
    yaml_.comment(0,
                  "Made by `photo51 plan` " + std::string(core::version()) + " from " +
                      request_.manifest.filename().string() + " for a training step of " +
                      core::format_number(request_.memory_gb) + " GB" +
                      (plans_ ? ", with the spacing, patch, batch and normalisation of " +
                                    request_.nnunet.filename().string() + " (" + plans_->configuration + ")"
                              : "") +
                      ". Each comment says why, and from which numbers; change what you know better.");
    for (const auto& note : columns_.left_out)
      yaml_.comment(0, "Left out: `" + note.column + "` " + note.text + ".");
    write_cohort();
    plan_batch();
    write_inputs();
    write_model();
    write_training();
    found_.yaml = yaml_.text();
    found_.left_out = columns_.left_out;
  }

  void write_cohort() {
    yaml_.add(0, "cohort:");
    yaml_.add(1, "manifest: " + yaml_word(cohort_.manifest.string()));
    if (!cohort_.data_root.empty()) yaml_.add(1, "data_root: " + yaml_word(cohort_.data_root.string()));
    yaml_.add(1, "id: " + yaml_word(cohort_.id), columns_.id_why);
    if (!columns_.site.empty()) {
      std::vector<std::string> counts;
      for (const auto& [site, count] : columns_.sites) counts.push_back(site + " " + std::to_string(count));
      yaml_.add(1, "site: " + yaml_word(columns_.site), core::join(counts, ", "));
    }
    const auto& split = split_.options;
    yaml_.add(1, "split:");
    if (!split.hold_out.empty())
      yaml_.add(2, "hold_out: " + yaml_list(split.hold_out), split_.why_test);
    else
      yaml_.add(2, "test_fraction: " + core::format_number(split.test_fraction), split_.why_test);
    yaml_.add(2, "folds: " + std::to_string(split.folds), split_.why_validation);
    if (split.folds == 0)
      yaml_.add(2, "validation_fraction: " + core::format_number(split.validation_fraction));
    if (!split.stratify.empty())
      yaml_.add(2, "stratify: " + yaml_word(split.stratify), "spread evenly over the parts");
    if (!split.group.empty())
      yaml_.add(2, "group: " + yaml_word(split.group), "rows that share a value stay in one part");
    yaml_.add(2, "seed: " + std::to_string(split.seed));
  }

  void plan_batch() {
    if (segmented_) {
      const auto& input = images_.inputs.front();
      const auto classes = static_cast<int64_t>(std::max<size_t>(1, segmented_->values.size())) + 1;
      unet_ = plans_ ? plans_->plan
                     : plan_unet(grids_of(input),
                                 {.dims = input.dims,
                                  .classes = classes,
                                  .memory_gb = request_.memory_gb,
                                  .cases = static_cast<int64_t>(input.channels.front().column.files.size())});
      batch_ = unet_->batch_size;
      why_batch_ = plans_ ? "of the plans"
                          : "what fits into " + core::format_number(request_.memory_gb) +
                                " GB, at least 2 and at most 5 % of the cohort's voxels";
      return;
    }
    if (plans_) {
      batch_ = plans_->plan.batch_size;
      why_batch_ = "of the plans";
      return;
    }
    batch_ = split_.training >= 200 ? 16 : split_.training >= 40 ? 8 : 4;
    why_batch_ =
        "of " + std::to_string(split_.training) + " training patients; sizes were chosen so that it fits";
  }

  void write_inputs() {
    yaml_.add(0, "inputs:");
    const int64_t images = std::max<int64_t>(1, static_cast<int64_t>(images_.inputs.size()));
    const ImageBudget budget{request_.memory_gb / static_cast<double>(images), batch_, split_.training};
    for (const auto& input : images_.inputs) {
      const auto plans = input.name == planned_ ? plans_ : std::nullopt;
      const auto section = segmented_ ? write_patch_input(yaml_, input, images_.masks, *unet_, plans)
                                      : write_whole_input(yaml_, input, images_.masks, budget, plans);
      encoders_.push_back({input.name, section.encoder, section.encoder_why});
      decoder_ = section.decoder;
      cache_bytes_ += section.bytes_a_case * static_cast<double>(input.channels.front().column.files.size());
      std::vector<std::string> names;
      for (const auto& channel : input.channels) names.push_back(channel.column.name);
      found_.inputs.push_back(input.name + ": " + input.modality + ", " + core::join(names, ", "));
    }
    for (const auto& table : tables_) write_table(table);
    if (!columns_.clinical.empty()) {
      const std::string name = free_name("clinical");
      yaml_.add(1, name + ": {modality: clinical, columns: " + yaml_list(columns_.clinical) + "}",
                "known of a new patient");
      encoders_.push_back({name, "{name: snn, hidden: [8], dropout: 0.1}", ""});
      found_.inputs.push_back(name + ": clinical, " + core::join(columns_.clinical, ", "));
    }
  }

  void write_table(const std::string& column) {
    std::string plain = column;
    std::replace(plain.begin(), plain.end(), '.', '_');
    const std::string name = free_name(plain);
    yaml_.add(1, yaml_word(name) + ": {modality: omics, table: " + yaml_word(column) + ", top_variable: 400}",
              "genes are many beside " + std::to_string(split_.training) + " patients");
    encoders_.push_back({name, "{name: snn, hidden: [16], dropout: 0.3}", ""});
    found_.inputs.push_back(name + ": omics, " + column);
  }

  std::string free_name(std::string name) const {
    while (std::any_of(encoders_.begin(), encoders_.end(), [&](const auto& one) { return one.name == name; }))
      name += "_table";
    return name;
  }

  void write_model() {
    yaml_.add(0, "model:");
    yaml_.add(1, "encoders:");
    for (const auto& encoder : encoders_)
      yaml_.add(2, yaml_word(encoder.name) + ": " + encoder.yaml, encoder.why);
    if (!segmented_)
      yaml_.add(1, "fusion: {name: concat, width: 32}",
                encoders_.size() > 1 ? "what a patient lacks is told apart from 0" : "");
    yaml_.add(1, "heads:");
    if (segmented_) write_segmentation();
    for (const auto& label : columns_.labels) write_head(label);
  }

  void write_segmentation() {
    std::vector<std::string> classes;
    std::vector<int64_t> values;
    for (const double value : segmented_->values) {
      values.push_back(static_cast<int64_t>(value));
      classes.push_back("class_" + std::to_string(values.back()));
    }
    if (classes.size() < 2) classes = {"lesion"};
    yaml_.add(2, "segmentation:");
    yaml_.add(3, "task: segmentation");
    yaml_.add(3, "input: " + yaml_word(images_.inputs.front().name));
    yaml_.add(3, "label: " + yaml_word(segmented_->column),
              std::to_string(segmented_->facts.size()) + " masks measured");
    yaml_.add(3, "classes: " + yaml_list(classes), "name them as you like");
    if (values.size() > 1) yaml_.add(3, "values: " + yaml_list(values), "those of the files");
    yaml_.add(3, "decoder: " + decoder_, "kernels and norms of the way down, deep supervision");
    found_.heads.push_back("segmentation: " + segmented_->column + ", " + core::join(classes, ", "));
  }

  void write_head(const data::PlannedLabel& label) {
    const auto& spec = label.spec;
    std::string yaml = "{task: " + spec.task;
    if (spec.column != spec.head) yaml += ", label: " + yaml_word(spec.column);
    if (spec.task == "survival") {
      if (spec.event_column != "event") yaml += ", event: " + yaml_word(spec.event_column);
      if (spec.time_unit != "days") yaml += ", time_unit: " + spec.time_unit;
    }
    if (!spec.positive.empty()) yaml += ", positive: " + yaml_list(spec.positive);
    if (!spec.classes.empty()) yaml += ", classes: " + yaml_list(spec.classes);
    std::string why = label.why;
    if ((spec.task == "binary" || spec.task == "multiclass") && !label.counts.empty()) {
      const auto [rare, common] = std::minmax_element(label.counts.begin(), label.counts.end());
      if (*common >= 2 * *rare) {
        yaml += ", class_weights: inverse";
        why += "; classes differ by more than 2";
      }
    }
    yaml_.add(2, yaml_word(spec.head) + ": " + yaml + "}", why);
    found_.heads.push_back(spec.head + ": " + spec.task + ", " + label.why);
  }

  void write_training() {
    yaml_.add(0, "train:");
    const int64_t steps = std::max<int64_t>(1, (split_.training + batch_ - 1) / batch_);
    const int64_t epochs = segmented_ ? 1000 : std::clamp<int64_t>(steps_of_training / steps, 20, 100);
    yaml_.add(1, "epochs: " + std::to_string(epochs),
              segmented_ ? "as nnU-Net, whose epochs are 250 steps; these are " + std::to_string(steps)
                         : "about " + std::to_string(epochs * steps) + " steps of " + std::to_string(steps) +
                               " an epoch");
    yaml_.add(1, "batch_size: " + std::to_string(batch_), why_batch_);
    yaml_.add(1, "seed: 51");
    if (segmented_) {
      yaml_.add(1, "optimizer: {name: sgd, lr: 0.01, momentum: 0.99, weight_decay: 0.00003}", "as nnU-Net");
      yaml_.add(1, "schedule: {name: cosine}");
      yaml_.add(1, "clip_norm: 12");
    } else {
      yaml_.add(1, "optimizer: {name: adamw, lr: 0.001, weight_decay: 0.05}");
      yaml_.add(1, "schedule: {name: cosine, warmup_epochs: 2}");
      yaml_.add(1, "clip_norm: 5");
      if (encoders_.size() > 1)
        yaml_.add(1, "modality_dropout: 0.2", "patients may lack an input; a model learns to do without");
    }
    if (cache_bytes_ > 0) {
      const auto mib = static_cast<int64_t>(std::ceil(cache_bytes_ * 1.1 / 1048576));
      yaml_.add(1, "cache_mib: " + std::to_string(std::clamp<int64_t>(mib, 256, 16384)),
                "all prepared images take about " + std::to_string(mib) + " MiB");
    }
    std::vector<std::string> groups;
    if (!columns_.site.empty()) groups.emplace_back("site");
    for (const auto& column : columns_.clinical)
      if (column == "sex" || column == "gender") groups.push_back(column);
    if (!groups.empty())
      yaml_.add(0, "evaluate: {groups: " + yaml_list(groups) + "}", "metrics of each, beside those of all");
  }

  const PlanRequest& request_;
  std::optional<NnunetPlans> plans_;
  std::string planned_;  ///< the input that they are of
  data::ManifestColumns columns_;
  data::PlannedImages images_;
  std::optional<data::PlannedMask> segmented_;
  std::optional<UnetPlan> unet_;
  data::CohortOptions cohort_;
  std::vector<std::string> tables_;
  PlannedSplit split_;
  YamlText yaml_;
  std::vector<Entry> encoders_;
  std::string decoder_;  ///< of the segmentation
  int64_t batch_ = 8;
  std::string why_batch_;
  double cache_bytes_ = 0;
  ExperimentPlan found_;
};

}  // namespace

ExperimentPlan plan_experiment(const PlanRequest& request) {
  return Planner(request).plan();
}

}  // namespace photo51::training
