#pragma once
/// Pictures of the cases that the model was most sure of, right and wrong.

#include <string>
#include <vector>

#include "photo51/report/build_report.hpp"

namespace photo51::report {

/// At most six, of the first binary or multiclass head; none where no input is an image and there are no heat
/// maps. With heat maps it is their input, and each picture comes with its case's map and tiles; where no
/// head has classes, the first cases that have one. What cannot be drawn is named in `warnings`.
std::vector<Picture> example_pictures(const ReportSource& study, const evaluation::GroundTruth& truth,
                                      std::vector<std::string>& warnings);

}  // namespace photo51::report
