// What can be said of a manifest's columns before a file is read.
#include <algorithm>
#include <set>

#include "data/cohort/cohort_impl.hpp"
#include "data/images/subchannel.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

bool sees(const TaskSpec& spec, const std::string& input) {
  return spec.inputs.empty() || std::find(spec.inputs.begin(), spec.inputs.end(), input) != spec.inputs.end();
}

/// Columns whose cells become numbers of an input, with the key that names them.
std::vector<std::pair<std::string, size_t>> value_columns(const Cohort::Impl& cohort, size_t input) {
  std::vector<std::pair<std::string, size_t>> found;
  for (const auto& column : cohort.columns[input].values)
    if (column) found.emplace_back("columns", *column);
  for (const auto& column : cohort.columns[input].center)
    if (column) found.emplace_back("center", *column);
  if (!cohort.modality(input).numbers) return found;
  const HarmonizeOptions& harmonize = cohort.number_options(input).harmonize;
  if (harmonize.method == HarmonizeMethod::none) return found;
  for (const auto& name : harmonize.covariates)
    if (const auto column = cohort.table.find(name)) found.emplace_back("harmonize.covariates", *column);
  const std::string site = harmonize.by == "site" ? cohort.options.site : harmonize.by;
  if (const auto column = cohort.table.find(site)) found.emplace_back("harmonize.by", *column);
  return found;
}

/// A mask that a head is to draw is not known of a new patient, whatever reads it.
void check_outlined(const Cohort::Impl& cohort, size_t input, const TaskSpec& spec) {
  if (!sees(spec, cohort.inputs[input].first)) return;
  const auto label = cohort.table.find(spec.column);
  const auto& names = cohort.names[input];
  std::vector<std::string> columns = names.channels;
  if (!names.mask.empty()) columns.push_back(names.mask);
  for (const auto& column : columns)
    if (label && cohort.find_column(cohort.inputs[input].first, column_of(column)) == label)
      core::fail_usage("input " + cohort.inputs[input].first + ": `" + cohort.table.columns[*label] +
                       "` is the mask that head `" + spec.head +
                       "` is to draw; a new patient has none. Leave it out of the input, also as its `mask`");
}

/// `registratoin` for `registration`.
bool is_near(const std::string& name, const std::string& expected) {
  if (core::spelling(name) == core::spelling(expected)) return true;
  const bool is_longer = name.size() > expected.size() + 2;  // `registration_date` is another thing
  return name.size() > 2 && !is_longer && !core::nearest_name(core::spelling(name), {expected}).empty();
}

}  // namespace

void check_label_columns(const Cohort::Impl& cohort) {
  for (size_t input = 0; input < cohort.inputs.size(); ++input)
    for (const auto& [key, column] : value_columns(cohort, input))
      for (const auto& spec : cohort.labels)
        for (const auto& label : task_of(spec).columns(spec))
          if (sees(spec, cohort.inputs[input].first) && cohort.table.find(label) == column)
            core::fail_usage(
                "input " + cohort.inputs[input].first + ": " + key + ": `" + cohort.table.columns[column] +
                "` is what head `" + spec.head +
                "` is to predict; a new patient's is not known. Leave it out, or keep the input from "
                "the head with the head's `inputs`");
  for (const auto& spec : cohort.labels)
    if (task_of(spec).is_dense)
      for (size_t input = 0; input < cohort.inputs.size(); ++input) check_outlined(cohort, input, spec);
}

void check_optional_columns(const Cohort::Impl& cohort) {
  const auto& table = cohort.table;
  for (size_t input = 0; input < cohort.inputs.size(); ++input) {
    const auto& name = cohort.inputs[input].first;
    const auto& channels = cohort.names[input].channels;
    if (channels.empty()) continue;
    std::vector<std::string> suffixes{"registration"};
    if (cohort.names[input].slides) suffixes.emplace_back("mpp");
    std::set<std::string> owners;
    for (const auto& channel : channels) {
      owners.insert(core::spelling(column_of(channel)));
      owners.insert(core::spelling(name + "." + column_of(channel)));
    }
    for (const auto& column : table.columns) {
      const size_t dot = column.rfind('.');
      if (dot == std::string::npos || !owners.contains(core::spelling(column.substr(0, dot)))) continue;
      const std::string suffix = column.substr(dot + 1);
      for (const auto& expected : suffixes) {
        const bool is_exact =
            suffix == expected && std::any_of(channels.begin(), channels.end(), [&](auto& one) {
              return column == column_of(one) + "." + expected ||
                     column == name + "." + column_of(one) + "." + expected;
            });
        if (!is_exact && is_near(suffix, expected))
          core::fail_data(table.source + ": column `" + column + "` is not read: the column that input " +
                          name + " looks for ends in `." + expected +
                          "` after the channel's own name; correct the name");
      }
    }
  }
}

void warn_of_absent_site(const Cohort::Impl& cohort) {
  const std::string& site = cohort.options.site;
  if (cohort.table.find(site)) return;
  std::string near;
  for (const auto& column : cohort.table.columns)
    if (core::spelling(column) == core::spelling(site)) near = column;
  // A name of the user's own is meant to be there; `site` may be absent.
  if (near.empty() && site != CohortOptions{}.site) near = core::nearest_name(site, cohort.table.columns);
  if (!near.empty())
    cohort.note({"", "", cohort.table.source,
                 "there is no column `" + site + "`, so no patient has a site; is it `" + near +
                     "`? Then set cohort.site: " + near});
  else if (site != CohortOptions{}.site)
    cohort.note({"", "", cohort.table.source,
                 "there is no column `" + site + "` (cohort.site), so no patient has a site"});
}

}  // namespace photo51::data
