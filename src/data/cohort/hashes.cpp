#include "data/cache/disk_cache.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

std::pair<fs::path, std::string> split_series(const fs::path& path) {
  const std::string text = path.string();
  std::error_code code;  // of a link that runs in a circle, say: whoever reads it refuses it
  if (fs::exists(path, code)) return {path, ""};
  for (size_t hash = text.find('#'); hash != std::string::npos; hash = text.find('#', hash + 1))
    if (fs::exists(text.substr(0, hash), code)) return {text.substr(0, hash), text.substr(hash + 1)};
  return {path, ""};
}

std::string Cohort::Impl::hash_of(const fs::path& path) const {
  {
    const std::scoped_lock lock(mutex);
    if (const auto known = hashes.find(path); known != hashes.end()) return known->second;
  }
  // Taken before the content is read: what changes in between gets another stamp.
  const std::string stamp = disk ? stamp_of(path) : "";
  std::string hash;
  if (const auto known = disk ? disk->remembered(stamp) : std::nullopt) {
    hash = *known;
  } else if (const auto [folder_of_series, series] = split_series(path); !series.empty()) {
    hash = core::hash_bytes(hash_of(folder_of_series) + series);
  } else {
    hash = imaging::content_hash(path);
  }
  if (disk) disk->remember(stamp, hash);
  const std::scoped_lock lock(mutex);
  return hashes.emplace(path, std::move(hash)).first->second;
}

std::optional<std::string> Cohort::Impl::known_hash(const fs::path& path) const {
  const std::scoped_lock lock(mutex);
  const auto known = hashes.find(path);
  return known == hashes.end() ? std::nullopt : std::optional(known->second);
}

void Cohort::Impl::hash_all(const std::vector<fs::path>& paths, const std::string& title) const {
  core::Progress progress(title, static_cast<int64_t>(paths.size()), core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(paths.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      try {
        hash_of(paths[static_cast<size_t>(i)]);
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;  // else its case says so when it is read
      }
      progress.advance();
    }
  });
}

std::string Cohort::file_hash(int64_t row, const std::string& input) const {
  const size_t index = impl_->input_index(input);
  const auto at = static_cast<size_t>(row);
  if (!impl_->has_input(index, at)) return "";
  if (!impl_->samples[index].empty()) return impl_->hash_of(impl_->samples[index][at].path);
  std::string text;
  if (impl_->files[index].empty()) {
    for (const auto& column : impl_->columns[index].clinical)
      text += (column ? impl_->cell(at, *column) : "") + "\n";
  } else {
    const auto& named = impl_->files[index][at];
    // A case that is left out for a missing file leaves the others as they are.
    const auto hash = [&](const fs::path& file) {
      try {
        return impl_->hash_of(file);
      } catch (const core::Error& error) {
        if (impl_->options.on_bad_case != "skip" || error.fault() != core::Fault::data) throw;
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
  for (const auto& [name, of] : impl_->inputs) {
    columns.push_back(of.harmonize.by);
    columns.insert(columns.end(), of.harmonize.covariates.begin(), of.harmonize.covariates.end());
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
    for (const float value : label.values) text += " " + core::format_number(value);
    text += "\n";
  }
  return core::hash_bytes(text);
}

std::string Cohort::manifest_hash() const {
  return impl_->options.manifest.empty() ? "" : impl_->hash_of(impl_->options.manifest);
}

}  // namespace photo51::data
