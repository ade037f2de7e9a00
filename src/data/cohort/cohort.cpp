#include "photo51/data/cohort/cohort.hpp"

#include <algorithm>
#include <unordered_map>

#include "data/cache/disk_cache.hpp"
#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/images/subchannel.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

size_t Cohort::Impl::input_index(const std::string& input) const {
  std::vector<std::string> all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].first == input) return i;
    all.push_back(inputs[i].first);
  }
  core::fail_usage("there is no input `" + input + "`" + core::suggest(input, all));
}

void Cohort::Impl::build(bool is_single, bool require_labels) {
  for (const auto& entry : inputs) {
    modalities.push_back(
        core::with_context("input " + entry.first, [&] { return &modality_of(entry.second); }));
    names.push_back(modalities.back()->columns(entry.second));
  }
  read_ids();
  if (!is_single && !inputs.empty()) warn_of_absent_site(*this);
  columns = find_cells(*this, inputs, names, is_single);
  files.resize(inputs.size());
  stores.samples.resize(inputs.size());
  for (size_t input = 0; input < inputs.size(); ++input) {
    if (modality(input).files || modality(input).bag)
      files.find(*this, input, name(input), names[input], columns[input]);
    if (const auto& named = names[input].table)
      stores.samples[input] = is_single && !columns[input].table
                                  ? std::vector<Sample>(ids.size())
                                  : read_samples(*this, name(input), *named, columns[input].table);
  }
  check_optional_columns(*this);
  if (require_labels) {
    check_label_columns(*this);
    for (size_t input = 0; input < inputs.size(); ++input)
      if (modality(input).check_cells) modality(input).check_cells(*this, input);
  }
  read_labels(*this, require_labels);
  check_privacy(*this);
}

namespace {

/// What code filled is held to what a config is held to.
void check_options(const CohortOptions& options, const Inputs& inputs) {
  config::validate(options, "cohort");
  Inputs described = inputs;
  config::validate_section({[&](config::Fields& f) {
                              f.choice_group("inputs", described, data::modalities(), "", {}, modality_key);
                            },
                            {},
                            {}},
                           "");
}

void limit_files(const CohortOptions& options) {
  imaging::set_file_limits({.max_gib = options.max_gib_per_file,
                            .follow_out_of_folder = options.detached_files == DetachedFiles::anywhere});
}

/// What one case's assignments may name.
std::vector<std::string> names_of_one_case(const Inputs& inputs) {
  std::vector<std::string> valid{"patient", "site"};
  for (const auto& [name, of] : inputs) {
    const InputColumns columns = columns_of(of);
    for (const auto& channel : columns.channels) valid.push_back(name + "." + column_of(channel));
    if (!columns.mask.empty()) valid.push_back(name + "." + columns.mask);
    for (const auto& column : columns.values) valid.push_back(name + "." + column);
    for (const auto& column : columns.center) valid.push_back(name + "." + column);
    if (columns.table) valid.push_back(name + ".table");
    if (const auto further = modality_of(of).optional_columns)
      for (const auto& column : further(of)) valid.push_back(name + "." + column);
  }
  return valid;
}

}  // namespace

Cohort::Cohort() : impl_(std::make_unique<Impl>()) {}
Cohort::~Cohort() = default;
Cohort::Cohort(Cohort&&) noexcept = default;
Cohort& Cohort::operator=(Cohort&&) noexcept = default;

Cohort::Cohort(const CohortOptions& options, const Inputs& inputs, std::vector<TaskSpec> labels,
               bool require_labels)
    : Cohort() {
  check_options(options, inputs);
  if (options.manifest.empty())
    core::fail_usage("cohort.manifest is not given; name a CSV file with one row a patient");
  impl_->table = core::read_table(options.manifest);
  impl_->folder = options.data_root.empty() ? options.manifest.parent_path() : options.data_root;
  if (!options.data_root.empty() && !fs::is_directory(options.data_root))
    core::fail_usage("cohort.data_root (--data-root): " + options.data_root.string() + " is no folder");
  impl_->options = options;
  limit_files(options);
  impl_->warnings = std::make_shared<Warnings>(options.strict);
  impl_->inputs = inputs;
  impl_->labels = std::move(labels);
  if (!inputs.empty())  // else it is about labels only, and another cohort of this manifest tells
    for (const auto& warning : impl_->table.warnings) impl_->warnings->add({"", "", "", warning});
  if (!options.cache.folder.empty()) impl_->stores.disk = std::make_shared<DiskCache>(options.cache);
  impl_->files.remember_in(impl_->stores.disk);
  impl_->build(false, require_labels);
}

Cohort Cohort::single(const Inputs& inputs, const std::vector<std::string>& assignments,
                      const CohortOptions& options) {
  check_options(options, inputs);
  const auto valid = names_of_one_case(inputs);
  Cohort cohort;
  core::Table& table = cohort.impl_->table;
  table.source = "command line";
  table.rows.emplace_back();
  table.lines.push_back(1);
  for (const auto& assignment : assignments) {
    if (core::line_of_bad_utf8(assignment)) core::fail_usage("`" + assignment + "`: is not UTF-8");
    const size_t equals = assignment.find('=');
    const std::string key = assignment.substr(0, equals);
    if (equals == std::string::npos || equals + 1 == assignment.size())
      core::fail_usage("`" + assignment + "`: write input.channel=path, such as " + valid.back() + "=FILE");
    std::string of = key;
    for (const std::string suffix : {".registration", ".mpp"})
      if (key.ends_with(suffix)) of = key.substr(0, key.size() - suffix.size());
    if (std::find(valid.begin(), valid.end(), of) == valid.end())
      core::fail_usage("`" + assignment + "`: there is no input `" + key + "`" + core::suggest(key, valid));
    if (table.find(key)) core::fail_usage("`" + key + "` is given twice");
    table.columns.push_back(key);
    table.rows[0].push_back(assignment.substr(equals + 1));
  }
  if (!table.find("patient")) {
    table.columns.push_back("patient");
    table.rows[0].push_back("unnamed");
  }
  cohort.impl_->inputs = inputs;
  cohort.impl_->options.strict = options.strict;
  cohort.impl_->options.privacy = options.privacy;
  limit_files(options);
  cohort.impl_->warnings = std::make_shared<Warnings>(options.strict);
  cohort.impl_->build(true, false);
  return cohort;
}

int64_t Cohort::size() const {
  return static_cast<int64_t>(impl_->ids.size());
}

const std::string& Cohort::id(int64_t row) const {
  return impl_->ids.at(static_cast<size_t>(row));
}

const std::string& Cohort::site(int64_t row) const {
  return impl_->sites.at(static_cast<size_t>(row));
}

const Case::Label& Cohort::label(int64_t row, const std::string& head) const {
  const auto found = impl_->label_values.find(head);
  if (found == impl_->label_values.end()) {
    std::vector<std::string> heads;
    for (const auto& spec : impl_->labels) heads.push_back(spec.head);
    core::fail_usage("there is no head `" + head + "`" + core::suggest(head, heads));
  }
  return found->second.at(static_cast<size_t>(row));
}

bool Cohort::has_input(int64_t row, const std::string& input) const {
  return impl_->has_input(impl_->input_index(input), static_cast<size_t>(row));
}

const std::vector<TaskSpec>& Cohort::labels() const {
  return impl_->labels;
}

std::vector<Warning> Cohort::warnings() const {
  std::unordered_map<std::string, size_t> row_of;
  for (size_t row = 0; row < impl_->ids.size(); ++row) row_of.emplace(impl_->ids[row], row + 1);
  const auto place = [&](const Warning& warning) {
    const auto found = row_of.find(warning.case_id);
    return found == row_of.end() ? 0 : found->second;
  };
  auto found = impl_->warnings->all();
  std::stable_sort(found.begin(), found.end(),
                   [&](const Warning& a, const Warning& b) { return place(a) < place(b); });
  return found;
}

void Cohort::recall_warnings(const std::vector<Warning>& found) const {
  impl_->warnings->recall(found);
}

void Cohort::report_left_out(const std::string& case_id, const std::string& why) const {
  const std::string named = "case " + case_id;
  const std::string text =
      "is left out: " + (why.starts_with(named + ": ") ? why.substr(named.size() + 2) : why);
  core::log_warning(named + " " + text);
  impl_->warnings->recall({{case_id, "", "", text}});
}

void Cohort::summarise_warnings() const {
  impl_->warnings->summarise();
}

const Inputs& Cohort::inputs() const {
  return impl_->inputs;
}

std::string Cohort::cell(int64_t row, const std::string& column) const {
  const auto found = impl_->table.find(column);
  if (!found) return "";
  const std::string& text = impl_->cell(static_cast<size_t>(row), *found);
  return is_blank(text) ? "" : text;
}

}  // namespace photo51::data
