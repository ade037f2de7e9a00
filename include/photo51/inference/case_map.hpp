#pragma once
/// What a head that outlines draws of one case.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/task/task_spec.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/model/predictions.hpp"

namespace photo51::inference {

struct CaseMap {
  std::string case_id, head;
  /// uint8 [D, H, W] on the grid of the input's file: 0 = background, k = class k of the head.
  at::Tensor classes;
  imaging::Geometry geometry;
  /// Millilitres of each class, and over the members the interval of them as of `combine`.
  struct Millilitres {
    double value = 0, low = 0, high = 0;
  };
  std::vector<Millilitres> volumes;
};

/// As a mask file that looks like those that the head was taught by: uint8, the classes' values of the masks
/// (1, 2, … where the head names none or one is no byte), on the image's grid.
imaging::Volume mask_of(const CaseMap& map, const data::TaskSpec& label);
/// `folder/CASE/HEAD.nii.gz`; what of a name cannot be that of a file is written as `%2F`.
std::filesystem::path map_file(const std::filesystem::path& folder, const std::string& case_id,
                               const std::string& head);
/// Writes it there, atomically; folders are made. Error (run): the disk.
void write_map(const CaseMap& map, const data::TaskSpec& label, const std::filesystem::path& folder);

/// Rows of predictions.csv: of each class the volume in ml.
std::vector<model::Prediction> predictions_of(const CaseMap& map, const data::TaskSpec& label);
/// `predictions` with those rows, case by case in the order in which the cases come, and in that of the
/// labels.
std::vector<model::Prediction> with_volumes(std::vector<model::Prediction> predictions,
                                            const std::vector<model::Prediction>& volumes,
                                            const std::vector<data::TaskSpec>& labels);

}  // namespace photo51::inference
