#include "data/cohort/file_warnings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/cohort/cohort_impl.hpp"
#include "data/images/instances.hpp"
#include "photo51/core/log.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {
namespace {

void take(FileWarnings& into, FileWarning warning) {
  if (std::find(into.begin(), into.end(), warning) == into.end()) into.push_back(std::move(warning));
}

}  // namespace

void take_warnings(FileWarnings& into, const imaging::Volume& volume, int64_t channel) {
  // A file that has moved is found in the cache, so its path does not belong there.
  const std::string named = volume.source + ": ";
  for (const auto& text : volume.warnings)
    take(into, {channel, text.starts_with(named) ? text.substr(named.size()) : text});
}

void take_warnings(FileWarnings& into, const preprocess::Prepared& prepared, int64_t planes) {
  for (const auto& warning : prepared.warnings)
    take(into, {warning.channel < 0 ? -1 : warning.channel / planes, warning.text});
}

nlohmann::json to_json(const FileWarnings& warnings) {
  auto list = nlohmann::json::array();
  for (const auto& warning : warnings) list.push_back({warning.channel, warning.text});
  return list;
}

FileWarnings file_warnings_from(const nlohmann::json& json) {
  FileWarnings warnings;
  for (const auto& pair : json)
    warnings.push_back({pair.at(0).get<int64_t>(), pair.at(1).get<std::string>()});
  return warnings;
}

void Cohort::Impl::report(size_t input, size_t row, size_t instance, const FileWarnings& found) const {
  const RowFiles& named = files[input][row];
  const bool bag = names[input].bag;
  for (const auto& warning : found) {
    const size_t file =
        bag ? instance_at(*this, input, row, instance).file : static_cast<size_t>(warning.channel);
    const auto& path = warning.channel < 0 ? named.mask : named.channels.at(file);
    warnings->add({ids[row], name(input), path.string(), warning.text});
  }
}

void Cohort::Impl::note(const Warning& warning) const {
  warnings->recall({warning});
  log_once(warning);
}

void Cohort::Impl::report_regions(size_t input, const std::set<std::string>& regions) const {
  if (image_options(input).preprocess.normalize.region != preprocess::NormalizeRegion::automatic) return;
  for (const auto& region : regions)
    if (stores.is_news(input, region))
      core::log_info("input " + name(input) + ": normalize takes its statistics from " + region);
}

}  // namespace photo51::data
