#include <algorithm>
#include <set>

#include "photo51/core/text.hpp"
#include "report/format_text.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

struct Cell {
  std::string text;
  bool incomplete = false;
};

std::string label_cell(const ReportInput& input, const data::TaskSpec& spec,
                       const std::vector<const CaseRow*>& members) {
  TaskWording::Labels known;
  const auto labels = input.truth.labels.find(spec.head);
  if (labels == input.truth.labels.end()) return "–";
  for (const auto* row : members) {
    const auto label = labels->second.find(row->id);
    if (label != labels->second.end() && label->second.known) known.push_back(&label->second);
  }
  return known.empty() ? "–" : wording_of(spec.task).cell(known);
}

}  // namespace

page::data texts(const std::vector<std::string>& lines) {
  page::data list(page::data::type::list);
  for (const auto& line : lines) {
    page::data entry;
    entry.set("text", line);
    list.push_back(entry);
  }
  return list;
}

page::data flag(bool on) {
  return page::data(on ? page::data::type::bool_true : page::data::type::bool_false);
}

page::data cohort_section(const ReportInput& input) {
  std::set<std::string> parts, inputs, sites;
  for (const auto& row : input.cases) {
    parts.insert(row.part);
    sites.insert(row.site);
    for (const auto& [name, present] : row.inputs) inputs.insert(name);
  }
  std::vector<std::string> columns{"site", "patients"};
  if (parts.size() > 1 || !parts.contains(""))
    for (const auto& part : parts) columns.push_back(part_words(part));
  const size_t first_input = columns.size();
  for (const auto& name : inputs) columns.push_back("has " + name);
  for (const auto& spec : input.truth.specs) columns.push_back(wording_of(spec.task).heading(spec));

  const auto row_of = [&](const std::string& name, const std::vector<const CaseRow*>& members, bool total) {
    const auto all = static_cast<int64_t>(members.size());
    std::vector<Cell> cells{{name}, {std::to_string(all)}};
    if (first_input > 2)
      for (const auto& part : parts)
        cells.push_back({std::to_string(std::count_if(
            members.begin(), members.end(), [&](const CaseRow* row) { return row->part == part; }))});
    for (const auto& input_name : inputs) {
      const auto have = std::count_if(members.begin(), members.end(), [&](const CaseRow* row) {
        const auto found = row->inputs.find(input_name);
        return found != row->inputs.end() && found->second;
      });
      cells.push_back({share_words(have, all), have < all});
    }
    for (const auto& spec : input.truth.specs) cells.push_back({label_cell(input, spec, members)});
    page::data row, list(page::data::type::list);
    for (const auto& cell : cells) {
      page::data entry;
      entry.set("text", cell.text);
      entry.set("incomplete", flag(cell.incomplete));
      list.push_back(entry);
    }
    row.set("cells", list);
    row.set("total", flag(total));
    return row;
  };

  page::data rows(page::data::type::list);
  std::vector<const CaseRow*> everybody;
  for (const auto& row : input.cases) everybody.push_back(&row);
  if (sites.size() > 1)
    for (const auto& site : sites) {
      std::vector<const CaseRow*> members;
      for (const auto* row : everybody)
        if (row->site == site) members.push_back(row);
      rows.push_back(row_of(site.empty() ? "no site given" : site, members, false));
    }
  rows.push_back(
      row_of(sites.size() == 1 && !sites.begin()->empty() ? *sites.begin() : "all", everybody, true));
  page::data section;
  section.set("columns", texts(columns));
  section.set("rows", rows);
  return section;
}

}  // namespace photo51::report
