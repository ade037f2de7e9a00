#include "commands/metrics_table.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include "photo51/core/json.hpp"

namespace photo51::commands {

void print_metrics(const std::vector<evaluation::Metric>& metrics, const std::string& report,
                   const Common& common) {
  if (common.json) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& m : metrics)
      list.push_back({{"head", m.head},
                      {"metric", m.metric},
                      {"group", m.group},
                      {"value", m.value},
                      {"low", m.low},
                      {"high", m.high},
                      {"n", m.n}});
    std::printf("%s\n",
                core::json_text(nlohmann::ordered_json{{"metrics", list}, {"report", report}}).c_str());
    return;
  }
  if (common.quiet) return;
  std::printf("%-16s %-18s %-28s %8s  %-18s %5s\n", "head", "metric", "group", "value", "interval", "n");
  for (const auto& m : metrics) {
    if (m.group.find('=') != std::string::npos) continue;  // subgroups are in metrics.csv
    char interval[64] = "";
    if (!std::isnan(m.low)) std::snprintf(interval, sizeof interval, "%.3f to %.3f", m.low, m.high);
    std::printf("%-16s %-18s %-28s %8.3f  %-18s %5lld\n", core::shown(m.head).c_str(), m.metric.c_str(),
                core::shown(m.group).c_str(), m.value, interval, static_cast<long long>(m.n));
  }
  std::printf("report: %s\n", core::shown(report).c_str());
}

}  // namespace photo51::commands
