#include "photo51/model/predictions.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"

namespace photo51::model {
namespace {

double read_number(const core::Table& table, size_t row, size_t column) {
  const auto& cell = table.rows[row][column];
  const auto value = core::parse_double(cell);
  if (!value)
    core::fail_data(table.where(row) + ": " + table.columns[column] + ": expected a number, got `" + cell +
                    "`");
  return *value;
}

}  // namespace

std::string to_csv(const std::vector<Prediction>& predictions, const std::string& unfinished) {
  const auto row = [&](std::vector<std::string> cells, const std::string& last) {
    if (!unfinished.empty()) cells.push_back(last);
    return core::csv_row(cells);
  };
  std::string out = row({"case", "head", "class", "value", "low", "high"}, "unfinished");
  for (const auto& p : predictions)
    out += row({p.case_id, p.head, p.class_name, core::format_number(p.value), core::format_number(p.low),
                core::format_number(p.high)},
               unfinished);
  return out;
}

std::string to_json(const std::vector<Prediction>& predictions, const std::vector<data::Warning>& warnings,
                    const std::string& unfinished) {
  std::map<std::string, std::vector<std::string>> of_case;
  for (const auto& warning : warnings) {
    std::string text = warning.input.empty() ? "" : "input " + warning.input + ": ";
    if (!warning.file.empty()) text += warning.file + ": ";
    of_case[warning.case_id].push_back(text + warning.text);
  }
  auto list = nlohmann::ordered_json::array();
  for (const auto& p : predictions) {
    nlohmann::ordered_json entry = {{"case", p.case_id}, {"head", p.head}, {"class", nullptr},
                                    {"value", p.value},  {"low", p.low},   {"high", p.high}};
    if (!p.class_name.empty()) entry["class"] = p.class_name;
    if (const auto found = of_case.find(p.case_id); found != of_case.end()) entry["warnings"] = found->second;
    if (!unfinished.empty()) entry["unfinished"] = unfinished;
    list.push_back(std::move(entry));
  }
  return core::json_text(list, 1) + "\n";
}

std::vector<Prediction> read_predictions(const std::filesystem::path& path) {
  const core::Table table = core::read_table(path);
  const size_t case_id = table.require("case"), head = table.require("head"), name = table.require("class");
  const size_t value = table.require("value"), low = table.require("low"), high = table.require("high");
  std::vector<Prediction> predictions;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const auto& cells = table.rows[row];
    if (cells[case_id].empty() || cells[head].empty())
      core::fail_data(table.where(row) + ": `case` and `head` may not be blank");
    if (!seen.emplace(cells[case_id], cells[head], cells[name]).second)
      core::fail_data(table.where(row) + ": a second row for case " + cells[case_id] + ", head " +
                      cells[head] + (cells[name].empty() ? "" : ", class " + cells[name]));
    predictions.push_back({cells[case_id], cells[head], cells[name], read_number(table, row, value),
                           read_number(table, row, low), read_number(table, row, high)});
  }
  return predictions;
}

}  // namespace photo51::model
