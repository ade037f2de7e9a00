#pragma once
/// Pictures of the cases that the model was most sure of, right and wrong.

#include <string>
#include <vector>

#include "photo51/report/gather.hpp"

namespace photo51::report {

/// At most six, of the first binary or multiclass head; none where no input is an image. What cannot be drawn
/// is named in `warnings`.
std::vector<Picture> example_pictures(const Study& study, const evaluation::Truth& truth,
                                      std::vector<std::string>& warnings);

}  // namespace photo51::report
