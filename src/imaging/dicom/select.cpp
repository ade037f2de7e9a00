#include "imaging/dicom/select.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "imaging/dicom/image.hpp"
#include "imaging/dicom/series.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

using Series = std::map<std::string, std::vector<DicomHeader>>;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

/// Along the first header's slice normal; slices without a place stay in file order.
void sort_by_place(std::vector<DicomHeader>& headers) {
  if (headers.empty() || !headers[0].orientation) return;
  const auto normal = normal_of(*headers[0].orientation);
  std::ranges::stable_sort(headers, {}, [&](const DicomHeader& h) {
    const auto p = h.position.value_or(std::array<double, 3>{});
    return p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2];
  });
}

}  // namespace

bool matches_pattern(const std::string& text, const std::string& pattern) {
  // `?` is one character of UTF-8, whose later bytes all begin with the bits 10.
  const auto after = [&](size_t at) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    return at;
  };
  // Goes back to the last `*` where the rest does not match.
  size_t t = 0, p = 0, star = std::string::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p, t = after(t);
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::pair<fs::path, std::string> split_choice(const fs::path& path) {
  std::error_code code;
  const std::string text = path.string();
  if (fs::exists(path, code)) return {path, ""};
  for (size_t mark = text.find('#'); mark != std::string::npos; mark = text.find('#', mark + 1))
    if (fs::exists(text.substr(0, mark), code)) return {text.substr(0, mark), text.substr(mark + 1)};
  return {path, ""};
}

std::string resolve_series(const fs::path& folder, const std::string& choice) {
  if (!choice.starts_with("desc:")) return choice;
  const std::string pattern = choice.substr(5);
  const Series all = find_series(folder).images;
  Series found;
  for (const auto& [uid, files] : all)
    if (matches_pattern(files[0].series_description, pattern)) found.emplace(uid, files);
  if (found.empty())
    core::fail_data(folder.string() + ": has no series described as `" + pattern + "`; it has" +
                    list_of(all));
  if (found.size() > 1)
    core::fail_data(folder.string() + ": has " + std::to_string(found.size()) + " series described as `" +
                    pattern + "`; choose one by a longer description or its UID:" + list_of(found));
  return found.begin()->first;
}

std::vector<DicomHeader> headers_of_series(const fs::path& path) {
  const auto [place, choice] = split_choice(path);
  if (!fs::is_directory(place)) return {read_dicom_header(place)};
  auto headers = choose_series(find_series(place), place, resolve_series(place, choice));
  sort_by_place(headers);
  return headers;
}

std::vector<fs::path> files_of_series(const fs::path& path) {
  std::vector<fs::path> files;
  for (const DicomHeader& header : headers_of_series(path)) files.push_back(header.path);
  return files;
}

}  // namespace photo51::imaging
