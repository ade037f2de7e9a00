#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

namespace {

/// Of a mask that is a label; a case that is left out for one that cannot be read leaves the others as they
/// are.
std::string label_hash(const Cohort::Impl& cohort, const std::string& file) {
  try {
    return cohort.files.hash_of(file);
  } catch (const core::Error& error) {
    if (cohort.options.on_bad_case != BadCase::skip || error.fault() != core::Fault::data) throw;
    return "unreadable";
  }
}

}  // namespace

std::string Cohort::file_hash(int64_t row, const std::string& input) const {
  const size_t index = impl_->input_index(input);
  const auto at = static_cast<size_t>(row);
  if (!impl_->has_input(index, at)) return "";
  if (const auto& samples = impl_->stores.samples[index]; !samples.empty())
    return impl_->files.hash_of(samples[at].path);
  std::string text;
  if (impl_->files[index].empty()) {
    for (const auto& column : impl_->columns[index].values)
      text += (column ? impl_->cell(at, *column) : "") + "\n";
  } else {
    const auto& named = impl_->files[index][at];
    // A case that is left out for a missing file leaves the others as they are.
    const auto hash = [&](const fs::path& file) {
      try {
        return impl_->files.hash_of(file);
      } catch (const core::Error& error) {
        if (impl_->options.on_bad_case != BadCase::skip || error.fault() != core::Fault::data) throw;
        return std::string("unreadable");
      }
    };
    for (const auto& channel : named.channels) text += channel.empty() ? "-" : hash(channel);
    for (const auto& map : named.registrations) text += map.empty() ? "" : hash(map);
    text += named.mask.empty() ? "-" : hash(named.mask);
    if (named.center)  // rows that look at other places of one slide are no copies
      text += "\n" + core::format_number((*named.center)[0]) + " " + core::format_number((*named.center)[1]);
  }
  return core::hash_bytes(text);
}

std::string Cohort::row_hash(int64_t row) const {
  const auto at = static_cast<size_t>(row);
  std::string text = impl_->ids[at] + "\n" + impl_->sites[at] + "\n";
  const auto& split = impl_->options.split;
  std::vector<std::string> columns{split.by, split.fold_by, split.group};
  const HarmonizeOptions none;
  for (size_t input = 0; input < impl_->inputs.size(); ++input) {
    // Of images as well, or the hashes of earlier runs would be others.
    const auto& of = impl_->modality(input).numbers ? impl_->number_options(input).harmonize : none;
    columns.push_back(of.by);
    columns.insert(columns.end(), of.covariates.begin(), of.covariates.end());
  }
  for (const auto& column : columns)
    if (!column.empty()) text += cell(row, column) + "\n";
  for (size_t input = 0; input < impl_->inputs.size(); ++input)
    if (at < impl_->files[input].size())
      for (const double mpp : impl_->files[input][at].mpps) text += core::format_number(mpp) + "\n";
  for (const auto& spec : impl_->labels) {
    const Case::Label& label = impl_->label_values.at(spec.head).at(at);
    text += spec.head + (label.known ? " " + core::format_number(label.value) : "") +
            (label.event ? " event" : "");
    if (!label.file.empty()) text += " " + label_hash(*impl_, label.file);
    for (const float value : label.values) text += " " + core::format_number(value);
    text += "\n";
  }
  return core::hash_bytes(text);
}

std::string Cohort::manifest_hash() const {
  return impl_->options.manifest.empty() ? "" : impl_->files.hash_of(impl_->options.manifest);
}

}  // namespace photo51::data
