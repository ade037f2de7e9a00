#include "photo51/evaluation/map_scores.hpp"

#include <cmath>

#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/segmentation.hpp"

namespace photo51::evaluation {
namespace {

std::string number_cell(double value) {
  return std::isnan(value) ? std::string() : core::format_number(value);
}

double cell_number(const core::Table& table, size_t row, size_t column) {
  const std::string& cell = table.rows[row][column];
  if (cell.empty()) return undefined;
  const auto value = core::parse_double(cell);
  if (!value)
    core::fail_data(table.where(row) + ": " + table.columns[column] + ": expected a number, got `" + cell +
                    "`");
  return *value;
}

}  // namespace

std::vector<MapScore> score_map(const at::Tensor& predicted, const at::Tensor& truth,
                                const std::array<double, 3>& spacing, const data::TaskSpec& head,
                                double tolerance) {
  // One slice has outlines and no surface.
  const bool slice = predicted.dim() == 3 && predicted.size(0) == 1;
  const std::vector<double> edges = slice ? std::vector<double>{spacing[1], spacing[0]}
                                          : std::vector<double>{spacing[2], spacing[1], spacing[0]};
  const auto found =
      class_scores(slice ? predicted[0] : predicted, slice && truth.dim() == 3 ? truth[0] : truth,
                   static_cast<int64_t>(head.classes.size()) + 1, edges, tolerance);
  const double ml = spacing[0] * spacing[1] * spacing[2] / 1000;
  const double unit = spacing[0] * spacing[1] * (slice ? 1 : spacing[2]);  // of a place, as they count it
  std::vector<MapScore> scores;
  for (size_t k = 0; k < found.size(); ++k)
    scores.push_back({head.classes[k], found[k].dice, found[k].hd95, found[k].nsd,
                      found[k].predicted_volume / unit * ml, found[k].true_volume / unit * ml});
  return scores;
}

std::string to_csv(const MapScores& scores) {
  std::string text =
      core::csv_row({"case", "head", "class", "dice", "hd95", "nsd", "predicted_ml", "true_ml"});
  for (const auto& [head, cases] : scores)
    for (const auto& [name, classes] : cases)
      for (const auto& one : classes)
        text +=
            core::csv_row({name, head, one.class_name, number_cell(one.dice), number_cell(one.hd95),
                           number_cell(one.nsd), number_cell(one.predicted_ml), number_cell(one.true_ml)});
  return text;
}

MapScores read_map_scores(const std::filesystem::path& path) {
  const core::Table table = core::read_table(path);
  const size_t name = table.require("case"), head = table.require("head"), of = table.require("class");
  const size_t dice = table.require("dice"), hd95 = table.require("hd95"), nsd = table.require("nsd");
  const size_t predicted = table.require("predicted_ml"), truth = table.require("true_ml");
  MapScores scores;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const auto& cells = table.rows[row];
    const auto number = [&](size_t column) { return cell_number(table, row, column); };
    scores[cells[head]][cells[name]].push_back(
        {cells[of], number(dice), number(hd95), number(nsd), number(predicted), number(truth)});
  }
  return scores;
}

}  // namespace photo51::evaluation
