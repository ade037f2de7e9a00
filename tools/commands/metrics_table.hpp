#pragma once
/// What train and evaluate print at the end.

#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "photo51/evaluation/evaluate.hpp"

namespace photo51::commands {

/// A table of the metrics without subgroups (one JSON object with them, with `--json`, nothing with
/// `--quiet`) and where the report is.
void print_metrics(const std::vector<evaluation::Metric>& metrics, const std::string& report,
                   const Common& common);

}  // namespace photo51::commands
