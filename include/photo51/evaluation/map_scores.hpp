#pragma once
/// What drawn maps of classes are scored by: a row a case and class, as in map_scores.csv.

#include <ATen/core/Tensor.h>

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "photo51/data/task/task_spec.hpp"

namespace photo51::evaluation {

/// Of one class of one case, as evaluation/segmentation.hpp defines them; NaN where both masks are empty.
struct MapScore {
  std::string class_name;
  double dice = 0;
  double hd95 = 0;  ///< mm; infinite where one of the masks is empty
  double nsd = 0;
  double predicted_ml = 0, true_ml = 0;
};
/// By head and case: of each class, in the head's order.
using MapScores = std::map<std::string, std::map<std::string, std::vector<MapScore>>>;

/// Two maps of classes, uint8 [D, H, W] of one grid with `spacing` x, y, z in mm. `tolerance` in mm is that
/// of NSD. Error (usage): maps of different sizes.
std::vector<MapScore> score_map(const at::Tensor& predicted, const at::Tensor& truth,
                                const std::array<double, 3>& spacing, const data::TaskSpec& head,
                                double tolerance);

/// `case,head,class,dice,hd95,nsd,predicted_ml,true_ml`; what is not defined is an empty cell.
std::string to_csv(const MapScores& scores);
/// Errors (data) with file:line.
MapScores read_map_scores(const std::filesystem::path& path);

}  // namespace photo51::evaluation
