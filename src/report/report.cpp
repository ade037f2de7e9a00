#include "photo51/report/report.hpp"

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/options/inputs.hpp"
#include "report/case_numbers.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/template.hpp"

namespace photo51::report {

namespace {

page::data model_rows(const ReportInput& input) {
  page::data list(page::data::type::list);
  for (const auto& [name, value] : input.model) {
    page::data row;
    row.set("name", name);
    row.set("value", value);
    list.push_back(row);
  }
  return list;
}

page::data pictures(const ReportInput& input) {
  page::data list(page::data::type::list);
  for (const auto& picture : input.pictures) {
    page::data entry;
    entry.set("has_picture", flag(!picture.png.empty()));
    entry.set("uri", picture.png.empty() ? "" : data_uri(picture.png));
    entry.set("has_heat_map", flag(!picture.heat_map.empty()));
    entry.set("heat_map", picture.heat_map.empty() ? "" : data_uri(picture.heat_map));
    page::data tiles(page::data::type::list);
    for (const auto& tile : picture.tiles) {
      page::data one;
      one.set("tile", data_uri(tile));
      tiles.push_back(one);
    }
    entry.set("has_tiles", flag(!picture.tiles.empty()));
    entry.set("tiles", tiles);
    entry.set("case_id", picture.case_id);
    entry.set("caption", picture.caption);
    entry.set("prediction", picture.prediction);
    entry.set("truth", picture.truth);
    entry.set("right", flag(picture.right));
    list.push_back(entry);
  }
  return list;
}

/// {count, input, text, cases}, a row a kind.
page::data warning_rows(const std::vector<data::WarningKind>& kinds) {
  constexpr size_t shown = 10;
  page::data list(page::data::type::list);
  for (const auto& kind : kinds) {
    std::vector<std::string> some;
    for (const auto& name : kind.cases)
      if (!name.empty() && some.size() < shown) some.push_back(name);
    std::string cases = core::join(some, ", ");
    if (some.size() < kind.cases.size() && !some.empty()) cases += ", …";
    page::data row;
    row.set("count", some.empty() ? "–" : std::to_string(kind.cases.size()));
    row.set("input", kind.input.empty() ? "–" : kind.input);
    row.set("text", kind.text);
    row.set("cases", some.empty() ? "the cohort" : cases);
    list.push_back(row);
  }
  return list;
}

}  // namespace

std::vector<CaseRow> case_rows(const data::Cohort& cohort, const std::map<std::string, std::string>& parts) {
  std::vector<CaseRow> rows;
  for (int64_t row = 0; row < cohort.size(); ++row) {
    CaseRow entry{cohort.id(row), cohort.site(row), "", {}};
    if (const auto part = parts.find(entry.id); part != parts.end()) entry.part = part->second;
    for (const auto& [name, options] : cohort.inputs()) entry.inputs[name] = cohort.has_input(row, name);
    rows.push_back(std::move(entry));
  }
  return rows;
}

std::string render_report(const ReportInput& given) {
  for (const auto& spec : given.truth.specs) cases_of(given, spec);  // errors name cases by their ids
  const ReportInput input = given.with_ids ? given : with_case_numbers(given);
  page::mustache page(template_text());
  page::data content, heads(page::data::type::list), failures(page::data::type::list);
  bool held_out = false;
  for (const auto& spec : input.truth.specs) {
    const auto cases = cases_of(input, spec);
    held_out = held_out || cases.held_out;
    heads.push_back(head_section(input, cases));
    if (cases.shown) failures.push_back(failure_section(input, cases));
  }
  const auto training = training_plot(input.curves);
  content.set("title", input.title);
  content.set("question", texts(input.question));
  content.set("held_out", flag(held_out));
  content.set("development", development_words(development_group(input)));
  content.set("cohort", cohort_section(input));
  content.set("patient_count", std::to_string(input.cases.size()));
  content.set("heads", heads);
  content.set("failures", failures);
  content.set("numbered", flag(!input.with_ids));
  content.set("has_pictures", flag(!input.pictures.empty()));
  content.set("has_heat_maps", flag(std::ranges::any_of(input.pictures, [](const Picture& picture) {
                return !picture.heat_map.empty() || !picture.tiles.empty();
              })));
  content.set("pictures", pictures(input));
  content.set("model", model_rows(input));
  content.set("has_training", flag(!training.empty()));
  content.set("training", training);
  content.set("model_count", std::to_string(input.curves.size()));
  content.set("has_warnings", flag(!input.warnings.empty()));
  content.set("warnings", texts(input.warnings));
  content.set("has_file_warnings", flag(!input.file_warnings.empty()));
  content.set("file_warnings", warning_rows(data::kinds_of(input.file_warnings)));
  content.set("made_by", input.made_by);
  auto text = page.render(content);
  if (!page.is_valid()) core::fail_run("report: the page's template is broken: " + page.error_message());
  return text;
}

}  // namespace photo51::report
