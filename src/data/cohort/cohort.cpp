#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "data/cache/disk_cache.hpp"
#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/images/subchannel.hpp"
#include "data/options/region_kind.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

fs::path Cohort::Impl::resolve(const std::string& named) const {
  const fs::path path(named);
  return path.is_absolute() ? path : folder / path;
}

size_t Cohort::Impl::input_index(const std::string& input) const {
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].first == input) return i;
    names.push_back(inputs[i].first);
  }
  core::fail_usage("there is no input `" + input + "`" + core::suggest(input, names));
}

bool Cohort::Impl::has_input(size_t input, size_t row) const {
  const InputOptions& options_of = inputs[input].second;
  if (options_of.modality == "omics")
    return samples[input][row].table != nullptr || !samples[input][row].problem.empty();
  if (options_of.modality == "clinical")
    return std::any_of(columns[input].clinical.begin(), columns[input].clinical.end(),
                       [&](const auto& column) { return column && !is_blank(cell(row, *column)); });
  const Files& named = files[input][row];
  if (is_lesion(options_of)) return !named.mask.empty();
  if (is_radiomics(options_of) && named.mask.empty()) return false;
  return std::any_of(named.channels.begin(), named.channels.end(), [](const auto& f) { return !f.empty(); });
}

void Cohort::Impl::read_ids() {
  const size_t id_column = table.require(options.id);
  const auto site_column = table.find(options.site);
  std::unordered_map<std::string, size_t> first;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& id = cell(row, id_column);
    if (is_blank(id)) core::fail_data(where(row, id_column) + ": the patient has no id");
    if (!core::is_plain(id))
      core::fail_data(
          where(row, id_column) + ": the id `" + core::shown(id) +
          "` holds a control character or a mark that is not seen; write it with letters, digits and "
          "signs");
    const auto [other, is_new] = first.emplace(id, row);
    if (!is_new)
      core::fail_data(where(row, id_column) + ": the patient `" + id + "` stands twice (also in line " +
                      std::to_string(table.lines[other->second]) + "); one row a patient");
    ids.push_back(id);
    sites.push_back(site_column && !is_blank(cell(row, *site_column)) ? cell(row, *site_column) : "");
  }
  if (ids.empty()) core::fail_data(table.source + ": there is no patient in this manifest");
}

std::optional<size_t> Cohort::Impl::find_column(const std::string& input, const std::string& name) const {
  const auto own = table.find(input + "." + name);
  return own ? own : table.find(name);
}

/// One case's `mri.flair=FILE` serves every input with that channel, as one column of a manifest does.
std::optional<size_t> Cohort::Impl::find_shared_column(const std::string& name) const {
  for (const auto& [other, of] : inputs) {
    const bool has = of.mask == name || std::any_of(of.channels.begin(), of.channels.end(),
                                                    [&](const auto& one) { return column_of(one) == name; });
    if (const auto column = table.find(other + "." + name); has && column) return column;
  }
  return std::nullopt;
}

std::optional<size_t> Cohort::Impl::require_column(const std::string& input, const std::string& name,
                                                   bool is_single) const {
  auto column = find_column(input, name);
  if (is_single && !column) column = find_shared_column(name);
  if (!column && !is_single)
    core::fail_data(table.source + ": input " + input + ": there is no column `" + name + "` or `" + input +
                    "." + name + "`" + core::suggest(name, table.columns));
  return column;
}

std::string Cohort::Impl::owner_of(size_t input, size_t channel, bool is_single) const {
  const auto& [name, of] = inputs[input];
  if (of.from.empty()) return name;
  const std::string origin = source_of(of.from[channel]).first;
  if (origin.empty()) return name;
  const std::string column = column_of(of.channels[channel]);
  std::vector<std::string> all;
  bool is_input = false;
  for (const auto& [other, options_of] : inputs) {
    all.push_back(other);
    if (other != origin) continue;
    is_input = true;
    std::vector<std::string> channels;
    for (const auto& one : options_of.channels) channels.push_back(column_of(one));
    if (std::find(channels.begin(), channels.end(), column) == channels.end())
      core::fail_usage("input " + name + ": from: input `" + origin + "` has no channel `" + column + "`" +
                       core::suggest(column, channels));
  }
  if (!is_input && !is_single && !table.find(origin + "." + column))
    core::fail_usage("input " + name + ": from: there is neither an input `" + origin + "` nor a column `" +
                     origin + "." + column + "`" + core::suggest(origin, all));
  return table.find(name + "." + column) ? name : origin;
}

void Cohort::Impl::find_columns(size_t input, bool is_single) {
  const auto& [name, of] = inputs[input];
  Columns& found = columns[input];
  for (size_t i = 0; i < of.channels.size(); ++i) {
    const std::string column = column_of(of.channels[i]), owner = owner_of(input, i, is_single);
    found.channels.push_back(require_column(owner, column, is_single));
    found.registrations.push_back(find_column(owner, column + ".registration"));
    found.mpps.push_back(of.tile ? find_column(name, column + ".mpp") : std::nullopt);
    if (is_bag(of) && found.registrations.back())
      core::fail_data(table.source + ": input " + name + ": column `" +
                      table.columns[*found.registrations.back()] +
                      "`: the images of a bag are not registered to each other; remove it or set bag: never");
  }
  if (!of.mask.empty()) found.mask = require_column(name, of.mask, is_single);
  for (const auto& column : of.columns) found.clinical.push_back(require_column(name, column, is_single));
  for (const auto& column : of.center) found.center.push_back(require_column(name, column, is_single));
  if (of.modality == "omics") {
    found.table = table.find(name + ".table");
    if (!found.table) found.table = find_column(name, of.table);
  }
}

fs::path Cohort::Impl::file(size_t row, size_t column) const {
  const std::string& named = cell(row, column);
  return is_blank(named) ? fs::path() : named_file(named, row, column);
}

std::vector<fs::path> Cohort::Impl::instance_files(size_t row, size_t column) const {
  const std::string& text = cell(row, column);
  if (is_blank(text)) return {};
  std::vector<fs::path> paths;
  for (const auto& part : core::split(text, ';')) {
    const std::string named(core::trim(part));
    if (named.empty())
      core::fail_data(where(row, column) + ": `" + text + "`: a file between two `;` has no name");
    paths.push_back(named_file(named, row, column));
  }
  return paths;
}

fs::path Cohort::Impl::named_file(const std::string& named, size_t row, size_t column) const {
  fs::path path = resolve(named);
  // With `skip` the case fails when it is loaded, and is counted there.
  std::error_code code;
  if (options.on_bad_case != "skip" && !fs::exists(split_series(path).first, code))
    core::fail_data(where(row, column) + ": there is no file `" + named + "`" +
                    (path.string() == named ? "" : " (" + path.string() + ")") +
                    (code ? " (" + code.message() + ")" : "") +
                    (named.find(';') == std::string::npos
                         ? "; correct the path or leave it blank"
                         : "; several files in one cell need `bag: always`"));
  return path;
}

double Cohort::Impl::number(size_t row, size_t column, const char* of, double least) const {
  const auto value = core::parse_double(cell(row, column));
  if (!value || !core::fits_float(*value) || *value < least)
    core::fail_data(where(row, column) + ": `" + cell(row, column) + "` is not " + of);
  return *value;
}

void Cohort::Impl::find_places(size_t input, size_t row, Files& named) const {
  const Columns& of = columns[input];
  for (const auto& column : of.mpps)
    named.mpps.push_back(
        column && !is_blank(cell(row, *column)) ? number(row, *column, "microns per pixel", 0.001) : 0);
  if (of.center.size() == 2 && of.center[0] && of.center[1] && !named.channels.empty() &&
      !named.channels[0].empty())
    named.center = {number(row, *of.center[0], "a place on the slide in pixels", 0),
                    number(row, *of.center[1], "a place on the slide in pixels", 0)};
}

void Cohort::Impl::find_files(size_t input) {
  const bool bag = is_bag(inputs[input].second);
  // A network drive takes its time to say whether a file is there.
  core::Progress progress("looking for the files of " + inputs[input].first, static_cast<int64_t>(ids.size()),
                          core::Progress::Show::if_slow);
  for (size_t row = 0; row < ids.size(); ++row, progress.advance()) {
    Files named;
    for (size_t view = 0; view < columns[input].channels.size() && bag; ++view) {
      if (!columns[input].channels[view]) continue;
      for (auto& path : instance_files(row, *columns[input].channels[view])) {
        named.channels.push_back(std::move(path));
        named.views.push_back(view);
      }
    }
    if (bag) {
      find_places(input, row, named);
      files[input].push_back(std::move(named));
      continue;
    }
    for (const auto& column : columns[input].channels)
      named.channels.push_back(column ? file(row, *column) : fs::path());
    for (const auto& column : columns[input].registrations)
      named.registrations.push_back(column ? file(row, *column) : fs::path());
    if (columns[input].mask) named.mask = file(row, *columns[input].mask);
    find_places(input, row, named);
    files[input].push_back(std::move(named));
  }
}

void Cohort::Impl::find_samples(size_t input) {
  const auto& [name, of] = inputs[input];
  std::map<fs::path, std::vector<size_t>> rows_of;  // a table may hold one patient or all of them
  if (const auto column = columns[input].table) {
    for (size_t row = 0; row < ids.size(); ++row)
      if (const fs::path path = file(row, *column); !path.empty()) rows_of[path].push_back(row);
  } else if (const fs::path path = resolve(of.table); fs::exists(path)) {
    for (size_t row = 0; row < ids.size(); ++row) rows_of[path].push_back(row);
  } else {
    core::fail_data("input " + name + ": table: `" + of.table + "` is neither a column of " + table.source +
                    " nor a file (" + path.string() + ")" + core::suggest(of.table, table.columns));
  }
  samples[input].resize(ids.size());
  std::shared_ptr<const std::vector<std::string>> genes;
  core::Progress progress("reading tables of " + name, static_cast<int64_t>(rows_of.size()),
                          core::Progress::Show::if_slow);
  for (const auto& [path, rows] : rows_of) {
    progress.advance();
    std::vector<std::string> patients;
    for (const size_t row : rows) patients.push_back(ids[row]);
    std::shared_ptr<genomics::Expression> expression;
    try {
      expression = std::make_shared<genomics::Expression>(core::with_context(
          "input " + name, [&, &table = path] { return genomics::read_expression(table, patients); }));
    } catch (const core::Error& error) {
      // A table of many patients is not a bad case but a bad cohort.
      if (options.on_bad_case != "skip" || rows.size() > 1 || error.fault() != core::Fault::data) throw;
      samples[input][rows[0]].problem = error.what();
      continue;
    }
    // A file a patient: they share one list of names.
    if (genes && *genes == *expression->genes) expression->genes = genes;
    genes = expression->genes;
    for (const size_t row : rows) {
      samples[input][row].path = path;
      const auto found = expression->row_of.find(ids[row]);
      if (found == expression->row_of.end()) continue;
      samples[input][row].table = expression;
      samples[input][row].row = found->second;
    }
  }
}

void Cohort::Impl::build(bool is_single, bool require_labels) {
  read_ids();
  if (!is_single && !inputs.empty()) warn_of_absent_site(*this);
  columns.resize(inputs.size());
  files.resize(inputs.size());
  samples.resize(inputs.size());
  for (size_t input = 0; input < inputs.size(); ++input) {
    find_columns(input, is_single);
    const std::string& modality = inputs[input].second.modality;
    if (modality == "omics") {
      if (!is_single || columns[input].table)
        find_samples(input);
      else
        samples[input].resize(ids.size());
    } else if (modality != "clinical") {
      find_files(input);
    }
  }
  check_optional_columns(*this);
  if (require_labels) {
    check_label_columns(*this);
    check_clinical_cells(*this);
  }
  read_labels(*this, require_labels);
  check_privacy(*this);
}

namespace {

void limit_files(const CohortOptions& options) {
  imaging::set_file_limits(
      {.max_gib = options.max_gib_per_file, .follow_out_of_folder = options.detached_files == "anywhere"});
}

}  // namespace

Cohort::Cohort() : impl_(std::make_unique<Impl>()) {}
Cohort::~Cohort() = default;
Cohort::Cohort(Cohort&&) noexcept = default;
Cohort& Cohort::operator=(Cohort&&) noexcept = default;

Cohort::Cohort(const CohortOptions& options, const Inputs& inputs, std::vector<TaskSpec> labels,
               bool require_labels)
    : Cohort() {
  config::validate(options, "cohort");
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
  if (!options.cache.folder.empty()) impl_->disk = std::make_shared<DiskCache>(options.cache);
  impl_->build(false, require_labels);
}

Cohort Cohort::single(const Inputs& inputs, const std::vector<std::string>& assignments,
                      const CohortOptions& options) {
  config::validate(options, "cohort");
  std::vector<std::string> valid{"patient", "site"};
  for (const auto& [name, of] : inputs) {
    for (const auto& channel : of.channels) valid.push_back(name + "." + column_of(channel));
    if (!of.mask.empty()) valid.push_back(name + "." + of.mask);
    for (const auto& column : of.columns) valid.push_back(name + "." + column);
    for (const auto& column : of.center) valid.push_back(name + "." + column);
    if (of.modality == "omics") valid.push_back(name + ".table");
  }
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
