#include "photo51/imaging/privacy.hpp"

#include <set>

#include "data/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// The files and folders of one input, each once, with the first row that names it.
std::vector<std::pair<fs::path, size_t>> paths_of(const std::vector<Cohort::Impl::Files>& rows) {
  std::map<fs::path, size_t> first;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const fs::path& path : rows[row].channels)
      if (!path.empty()) first.emplace(split_series(path).first, row);
    if (!rows[row].mask.empty()) first.emplace(split_series(rows[row].mask).first, row);
  }
  return {first.begin(), first.end()};
}

}  // namespace

void check_privacy(const Cohort::Impl& cohort) {
  if (cohort.options.privacy == "ignore") return;
  std::map<fs::path, std::vector<std::string>> seen;  // inputs share files
  core::ThreadPool pool;
  for (size_t input = 0; input < cohort.inputs.size(); ++input) {
    std::vector<std::pair<fs::path, size_t>> fresh;
    const auto paths = paths_of(cohort.files[input]);
    for (const auto& entry : paths)
      if (!seen.contains(entry.first)) fresh.push_back(entry);
    std::vector<std::vector<std::string>> found(fresh.size());
    core::Progress progress("reading headers of " + cohort.inputs[input].first,
                            static_cast<int64_t>(fresh.size()), core::Progress::Show::if_slow);
    pool.parallel_for(static_cast<int64_t>(fresh.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto at = static_cast<size_t>(i);
        found[at] = imaging::identifying_elements(fresh[at].first);
        progress.advance();
      }
    });
    for (size_t i = 0; i < fresh.size(); ++i) seen[fresh[i].first] = found[i];

    std::set<std::string> names;
    std::set<size_t> rows;
    for (const auto& [path, row] : paths) {
      if (seen[path].empty()) continue;
      names.insert(seen[path].begin(), seen[path].end());
      rows.insert(row);
    }
    if (names.empty()) continue;
    const std::string what = "input " + cohort.inputs[input].first + ": DICOM files of " +
                             std::to_string(rows.size()) + " patient(s), the first " +
                             cohort.ids[*rows.begin()] +
                             ", tell who the patient is: " + core::join({names.begin(), names.end()}, ", ");
    if (cohort.options.privacy == "strict")
      core::fail_data(what + "; remove these elements, or set cohort.privacy to warn");
    core::log_warning(what + "; remove these elements before the files leave the clinic");
  }
}

}  // namespace photo51::data
