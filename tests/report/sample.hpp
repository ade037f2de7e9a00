#pragma once
/// A report's input with made-up numbers that look like a real run's: one head of each kind, three sites,
/// one of them held out.

#include "photo51/report/report.hpp"

namespace photo51::report {

/// 1 x 1 grey pixel.
std::string tiny_png();
ReportInput sample_input();

}  // namespace photo51::report
