#pragma once
/// A report that may be passed on names nobody: cases become numbers before anything is drawn or written.

#include "photo51/report/report.hpp"

namespace photo51::report {

/// The input with every case id replaced by its place, from 1, among the predicted cases in the order of
/// predictions.csv; cases without a prediction come after them, in their own order, and one that is known by
/// a warning alone, as it was left out, is `left out 1` and so on. Texts lose ids and the paths of files,
/// too.
ReportInput with_case_numbers(ReportInput input);

}  // namespace photo51::report
