#include "photo51/data/plan/columns.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "data/cohort/manifest.hpp"
#include "data/plan/label_column.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;
using NameSet = std::set<std::string>;

const NameSet& covariates() {
  static const NameSet names{"age",       "sex",  "gender", "race",   "ethnicity", "smoking",   "pack_years",
                             "karnofsky", "ecog", "bmi",    "height", "weight",    "menopause", "psa"};
  return names;
}

bool ends_with_any(const std::string& text, const std::vector<std::string>& ends) {
  return std::any_of(ends.begin(), ends.end(), [&](const auto& end) { return text.ends_with(end); });
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_table_file(const std::string& cell) {
  const std::string name = lower(cell);
  return ends_with_any(name, {".csv", ".tsv", ".txt", ".maf", ".csv.gz", ".tsv.gz", ".txt.gz", ".maf.gz"});
}

bool looks_like_path(const std::string& cell) {
  if (core::parse_double(cell) || core::is_date(cell)) return false;
  return is_table_file(cell) ||
         ends_with_any(lower(cell),
                       {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".png", ".jpg", ".jpeg",
                        ".tif", ".tiff", ".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms"});
}

/// Reads the columns of one manifest, one role after the other.
class Reader {
 public:
  Reader(const core::Table& table, const ColumnHints& hints) : table_(table), hints_(hints) {
    manifest_.table = table;
    manifest_.folder =
        hints.data_root.empty() ? fs::path(table.source).parent_path() : fs::path(hints.data_root);
  }

  ManifestColumns read() {
    if (table_.rows.empty()) core::fail_data(table_.source + ": there is no patient in this manifest");
    check_hints();
    take_id();
    take_site();
    for (size_t column = 0; column < table_.columns.size(); ++column) take(column);
    take_survival();
    for (const size_t column : candidates_) take_label(column);
    return std::move(found_);
  }

 private:
  const std::string& name(size_t column) const { return table_.columns[column]; }
  void leave_out(size_t column, const std::string& why) { found_.left_out.push_back({name(column), why}); }
  bool is_hinted(size_t column) const { return hints_.labels.contains(name(column)); }

  void check_hints() const {
    const auto check = [&](const std::string& option, const std::string& column) {
      if (!table_.find(column))
        core::fail_usage(option + ": " + table_.source + " has no column `" + column + "`" +
                         core::suggest(column, table_.columns));
    };
    if (!hints_.id.empty()) check("--id", hints_.id);
    if (!hints_.site.empty()) check("--site", hints_.site);
    for (const auto& [column, modality] : hints_.inputs) check("--input", column);
    for (const auto& column : hints_.ignored) check("--ignore", column);
    const std::vector<std::string> tasks{"binary", "multiclass", "regression", "survival", "segmentation"};
    for (const auto& [column, task] : hints_.labels) {
      check("--label", column);
      if (!task.empty() && std::find(tasks.begin(), tasks.end(), task) == tasks.end())
        core::fail_usage("--label " + column + "=" + task + ": is no task that can be planned" +
                         core::suggest(task, tasks));
    }
  }

  bool is_unique(size_t column) const {
    NameSet seen;
    for (const auto& row : table_.rows)
      if (core::is_blank(row[column]) || !seen.insert(row[column]).second) return false;
    return true;
  }

  void take_id() {
    if (!hints_.id.empty()) {
      found_.id = hints_.id;
      found_.id_why = "as asked for";
      return;
    }
    const NameSet names{"patient", "patientid", "case", "caseid", "subject", "subjectid", "id"};
    for (size_t column = 0; column < table_.columns.size(); ++column) {
      if (!names.contains(core::join(name_parts(name(column)), ""))) continue;
      if (is_unique(column)) {
        found_.id = name(column);
        found_.id_why = "different in every row";
        break;
      }
      found_.group = name(column);
    }
    if (found_.id.empty() && is_unique(0) && !looks_like_path(table_.rows[0][0])) {
      found_.id = name(0);
      found_.id_why = "the first column, different in every row";
    }
    if (found_.id.empty())
      core::fail_data(
          table_.source +
          ": no column names each row once, by which patients are told apart; add one, or name it "
          "with --id COLUMN");
    if (found_.group == found_.id) found_.group.clear();
  }

  void take_site() {
    const NameSet names{"site", "hospital", "center", "centre", "institution", "siteid"};
    for (size_t column = 0; column < table_.columns.size(); ++column) {
      const bool asked = !hints_.site.empty() && name(column) == hints_.site;
      const bool named = hints_.site.empty() && names.contains(core::join(name_parts(name(column)), ""));
      if (!(asked || named) || !found_.site.empty() || name(column) == found_.id) continue;
      found_.site = name(column);
      for (const auto& row : table_.rows)
        if (!core::is_blank(row[column])) ++found_.sites[row[column]];
    }
  }

  void take(size_t column) {
    const std::string& own = name(column);
    if (own == found_.id || own == found_.site || own == found_.group) return;
    if (std::find(hints_.ignored.begin(), hints_.ignored.end(), own) != hints_.ignored.end()) return;
    if (own.ends_with(".registration") || own.ends_with(".mpp")) return;  // belongs to its channel
    const auto asked = hints_.inputs.find(own);
    if (asked != hints_.inputs.end() && asked->second == "clinical") {
      found_.clinical.push_back(own);
      return;
    }
    if (asked != hints_.inputs.end() || is_segmentation(column) || names_files(column))
      return take_files(column);
    if (is_hinted(column)) {
      candidates_.push_back(column);
    } else if (is_group(own) && repeats(column)) {
      if (found_.group.empty())
        found_.group = own;
      else
        leave_out(column, "may say which rows belong together, as `" + found_.group +
                              "` does; cohort.split.group takes one column");
    } else if (covariates().contains(core::join(name_parts(own), "_"))) {
      take_covariate(column);
    } else {
      candidates_.push_back(column);
    }
  }

  bool is_segmentation(size_t column) const {
    const auto asked = hints_.labels.find(name(column));
    return asked != hints_.labels.end() && asked->second == "segmentation";
  }

  /// `age_group` is none.
  static bool is_group(const std::string& column) {
    const std::string plain = core::join(name_parts(column), "");
    return plain == "group" || plain == "splitgroup" || plain.ends_with("duplicategroup");
  }

  bool repeats(size_t column) const {
    NameSet seen;
    for (const auto& row : table_.rows)
      if (!core::is_blank(row[column]) && !seen.insert(row[column]).second) return true;
    return false;
  }

  void take_covariate(size_t column) {
    NameSet words;
    for (const auto& row : table_.rows)
      if (!core::is_blank(row[column])) words.insert(row[column]);
    if (words.size() < 2)
      leave_out(column, "says the same, or nothing, of every patient");
    else if (!is_numbers(table_, column, -1e30) && words.size() > 12)
      leave_out(column,
                "holds " + std::to_string(words.size()) + " different words, too many for categories");
    else
      found_.clinical.push_back(name(column));
  }

  /// The files of a cell, of which `;` may separate several.
  std::vector<std::string> named_in(const std::string& cell) const {
    std::error_code code;
    if (fs::exists(split_series(manifest_.resolve(cell)).first, code)) return {cell};
    std::vector<std::string> named;
    for (const auto& part : core::split(cell, ';')) named.emplace_back(core::trim(part));
    return named;
  }

  bool names_files(size_t column) const {
    bool any = false, all_there = true, is_path = false;
    for (const auto& row : table_.rows) {
      if (core::is_blank(row[column])) continue;
      if (core::parse_double(row[column])) return false;
      any = true;
      const std::string first = named_in(row[column]).front();
      std::error_code code;
      is_path = is_path || looks_like_path(first);
      all_there =
          all_there && !first.empty() && fs::exists(split_series(manifest_.resolve(first)).first, code);
    }
    return any && (is_path || all_there);
  }

  void take_files(size_t column) {
    FileColumn files{.name = name(column), .files = {}, .bag = false};
    size_t tables = 0;
    for (size_t row = 0; row < table_.rows.size(); ++row) {
      const std::string& cell = table_.rows[row][column];
      if (core::is_blank(cell)) continue;
      const auto named = named_in(cell);
      for (const auto& one : named) {
        std::error_code code;
        if (one.empty() || !fs::exists(split_series(manifest_.resolve(one)).first, code))
          core::fail_data(manifest_.where(row, column) + ": there is no file `" + one +
                          "`; correct the path, leave it blank, or say where the files lie with --data-root; "
                          "--ignore " +
                          name(column) + " leaves the column out");
      }
      files.bag = files.bag || named.size() > 1;
      tables += is_table_file(named.front()) ? 1 : 0;
      files.files.emplace_back(row, manifest_.resolve(named.front()));
    }
    if (files.files.empty()) return leave_out(column, "is blank in every row");
    if (tables != 0 && tables != files.files.size())
      return leave_out(column, "names tables in some rows and other files in others");
    (tables != 0 ? found_.tables : found_.images).push_back(std::move(files));
  }

  /// What is left of a name without the words that say what it is.
  static std::string stem(const std::string& column, const NameSet& words, bool& any) {
    std::vector<std::string> left;
    for (const auto& part : name_parts(column)) {
      if (words.contains(part))
        any = true;
      else
        left.push_back(part);
    }
    return core::join(left, "_");
  }

  void take_survival() {
    const NameSet times{"time", "days", "months", "years", "survival"};
    const NameSet events{"event", "status", "vital", "death", "dead"};
    std::set<size_t> taken;
    for (const size_t column : candidates_) {
      bool is_time = false;
      const std::string of = stem(name(column), times, is_time);
      const auto asked = hints_.labels.find(name(column));
      const bool survival = asked != hints_.labels.end() && asked->second == "survival";
      if (asked != hints_.labels.end() && !survival && !asked->second.empty()) continue;
      if (!survival && (!is_time || !is_numbers(table_, column, 0))) continue;
      std::vector<size_t> matching;
      for (const size_t other : candidates_) {
        bool is_event = false;
        if (other != column && stem(name(other), events, is_event) == of && is_event &&
            events_of(table_, other))
          matching.push_back(other);
      }
      taken.insert(column);
      taken.insert(matching.begin(), matching.end());
      if (!survival && !hints_.labels.empty() && !is_hinted(column)) {
        leave_out(column, "is not among the labels that --label names");
      } else if (matching.size() == 1) {
        take_pair(column, matching.front(), of);
      } else if (survival) {
        core::fail_usage("--label " + name(column) + "=survival: " + table_.source + " has " +
                         (matching.empty() ? "no column" : "several columns") +
                         " of events for it; a column `" + (of.empty() ? "" : of + "_") +
                         "event` of 0 (censored) and 1 is looked for");
      } else {
        leave_out(column, std::string("is a time, and ") +
                              (matching.empty() ? "no column says whether the event was seen"
                                                : "several columns may say whether the event was seen") +
                              "; call them `" + (of.empty() ? "" : of + "_") + "time` and `" +
                              (of.empty() ? "" : of + "_") + "event`");
      }
    }
    std::erase_if(candidates_, [&](size_t column) { return taken.contains(column); });
  }

  void take_pair(size_t time, size_t event, const std::string& of) {
    const auto counts = *events_of(table_, event);
    if (counts[1] < fewest_of_class)
      return leave_out(time, "is a time to an event that " + std::to_string(counts[1]) +
                                 " patient(s) had (column `" + name(event) + "`); at least " +
                                 std::to_string(fewest_of_class) + " are needed");
    PlannedLabel label;
    label.spec.head = of.empty() ? "survival" : plain_name(of);
    label.spec.task = "survival";
    label.spec.column = name(time);
    label.spec.event_column = name(event);
    const auto parts = name_parts(name(time));
    const auto has = [&](const char* unit) {
      return std::find(parts.begin(), parts.end(), unit) != parts.end();
    };
    if (has("months")) label.spec.time_unit = "months";
    if (has("years")) label.spec.time_unit = "years";
    label.counts = counts;
    label.why = "a time and an event: " + std::to_string(counts[1]) + " events, " +
                std::to_string(counts[0]) + " censored; in " + label.spec.time_unit +
                (has("days") || has("months") || has("years") ? "" : ", since the name says no unit");
    found_.labels.push_back(std::move(label));
  }

  void take_label(size_t column) {
    if (!hints_.labels.empty() && !is_hinted(column))
      return leave_out(column, "is not among the labels that --label names");
    const std::string task = is_hinted(column) ? hints_.labels.at(name(column)) : "";
    auto label = label_of(table_, column, task);
    if (auto* planned = std::get_if<PlannedLabel>(&label)) {
      found_.labels.push_back(std::move(*planned));
      return;
    }
    const std::string& why = std::get<std::string>(label);
    if (is_hinted(column))
      core::fail_usage("--label " + name(column) + (task.empty() ? "" : "=" + task) + ": " + table_.source +
                       ": column `" + name(column) + "` " + why);
    leave_out(column, why);
  }

  const core::Table& table_;
  const ColumnHints& hints_;
  Manifest manifest_;
  std::vector<size_t> candidates_;  ///< for labels
  ManifestColumns found_;
};

}  // namespace

ManifestColumns read_columns(const core::Table& table, const ColumnHints& hints) {
  return Reader(table, hints).read();
}

}  // namespace photo51::data
