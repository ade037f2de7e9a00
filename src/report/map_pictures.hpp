#pragma once
/// Pictures of what a head outlined, over the image and beside what was drawn.

#include <string>
#include <vector>

#include "photo51/report/build_report.hpp"

namespace photo51::report {

/// At most six cases, from the least to the best overlap, of the first head that outlines and whose maps lie
/// in `study.map_folder`: the slice with most of both masks, the drawn outline green and the predicted one
/// orange. What cannot be drawn is named in `warnings`.
std::vector<Picture> map_pictures(const ReportSource& study, std::vector<std::string>& warnings);

}  // namespace photo51::report
