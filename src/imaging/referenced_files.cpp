#include "photo51/imaging/referenced_files.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

constexpr size_t most_header = size_t{1} << 20;
constexpr int64_t most_files = 100'000;  ///< of one header

std::string first_bytes(const fs::path& path, size_t count) {
  const core::RegularFile file(path);
  std::string bytes(count, '\0');
  bytes.resize(file.read(bytes.data(), count));
  return bytes;
}

/// A reader takes what the field names as it is, so it must not lead out of the header's folder.
fs::path beside(const fs::path& header, const std::string& field, const std::string& name) {
  const fs::path named(name);
  const fs::path plain = named.lexically_normal();
  if (named.is_absolute() || plain.begin() == plain.end() || *plain.begin() == "..")
    core::fail_data(
        header.string() + ": " + field + " names `" + name +
        "`, which is not in the folder of the header; put the voxels beside the header and name them there");
  const fs::path file = header.parent_path() / named;
  std::error_code code;
  if (!fs::is_regular_file(file, code))
    core::fail_data(header.string() + ": " + field + " names `" + name +
                    "`, which is missing or not a regular file; copy it beside the header");
  return file;
}

/// `slice%03d.raw`: exactly one number, and nothing else that printf would act on.
bool numbers_files(const std::string& pattern) {
  const size_t percent = pattern.find('%');
  if (percent == std::string::npos || pattern.find('%', percent + 1) != std::string::npos) return false;
  size_t at = percent + 1;
  while (at < pattern.size() && at < percent + 3 &&
         std::isdigit(static_cast<unsigned char>(pattern[at])) != 0)
    ++at;
  return at < pattern.size() && pattern[at] == 'd';
}

std::string numbered(const std::string& pattern, int64_t number) {
  const size_t percent = pattern.find('%'), end = pattern.find('d', percent);
  const std::string digits = pattern.substr(percent + 1, end - percent - 1);
  std::string text = std::to_string(number);
  const auto width = static_cast<size_t>(core::parse_int(digits).value_or(0));
  if (text.size() < width) text.insert(0, width - text.size(), digits.starts_with('0') ? '0' : ' ');
  return pattern.substr(0, percent) + text + pattern.substr(end + 1);
}

std::vector<fs::path> pattern_files(const fs::path& header, const std::string& field,
                                    const std::string& value) {
  std::vector<std::string> words;
  for (const std::string& word : core::split(value, ' '))
    if (!core::trim(word).empty()) words.emplace_back(core::trim(word));
  const auto number = [&](size_t i) { return words.size() > i ? core::parse_int(words[i]) : std::nullopt; };
  const auto first = number(1), last = number(2);
  const int64_t step = number(3).value_or(1);
  if (words.empty() || !numbers_files(words[0]) || !first || !last || step == 0 ||
      (*last - *first) / step < 0 || (*last - *first) / step >= most_files)
    core::fail_data(
        header.string() + ": " + field + " is `" + value +
        "`, which is no pattern of numbered files (name%03d.raw FIRST LAST STEP); correct the header");
  std::vector<fs::path> files;
  for (int64_t i = *first; step > 0 ? i <= *last : i >= *last; i += step)
    files.push_back(beside(header, field, numbered(words[0], i)));
  return files;
}

std::vector<fs::path> named_files(const fs::path& header, const std::string& field, const std::string& value,
                                  const std::string& rest) {
  if (value.starts_with("LIST")) {
    std::vector<fs::path> files;
    for (const std::string& line : core::split(rest, '\n'))
      if (const auto name = core::trim(line); !name.empty())
        files.push_back(beside(header, field, std::string(name)));
    return files;
  }
  if (value.find('%') != std::string::npos) return pattern_files(header, field, value);
  return {beside(header, field, value)};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// MetaIO ends a key at `=` or `:` and stops reading at this one.
std::vector<fs::path> meta_files(const fs::path& header, const std::string& text) {
  const std::string field = "ElementDataFile";
  const size_t key = text.find(field);
  const size_t sign = key == std::string::npos ? key : text.find_first_of("=:\n", key);
  if (sign == std::string::npos || text[sign] == '\n')
    core::fail_data(header.string() +
                    ": has no ElementDataFile, so it has no voxels; it is cut off: copy it again");
  const size_t end = std::min(text.find('\n', sign), text.size());
  const std::string value(core::trim(text.substr(sign + 1, end - sign - 1)));
  if (lower(value) == "local") return {};
  return named_files(header, field, value, end < text.size() ? text.substr(end + 1) : "");
}

/// Teem knows the field in any case, with a blank in it or not.
std::vector<fs::path> nrrd_files(const fs::path& header, const std::string& text) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line(core::trim(text.substr(begin, end - begin)));
    if (line.empty()) return {};  // the header is over, the voxels follow
    const size_t colon = line.find(':');
    const std::string key =
        colon == std::string::npos ? "" : lower(std::string(core::trim(line.substr(0, colon))));
    if (key == "data file" || key == "datafile")
      return named_files(header, "data file", std::string(core::trim(line.substr(colon + 1))),
                         end < text.size() ? text.substr(end + 1) : "");
    begin = end + 1;
  }
  return {};
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    std::error_code unreadable;  // a link to itself, say: whoever reads the folder refuses it
    if (at->is_regular_file(unreadable)) files.push_back(at->path());
  }
  if (code) core::fail_data(folder.string() + ": cannot be read: " + code.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<fs::path> referenced_files(const fs::path& path) {
  if (lower(path.extension().string()) == ".mrxs") {
    fs::path folder = path;
    folder.replace_extension();
    return fs::is_directory(folder) ? files_in(folder) : std::vector<fs::path>{};
  }
  core::require_regular_file(path);
  const std::string start = first_bytes(path, 1024);
  if (start.starts_with("NRRD000")) return nrrd_files(path, first_bytes(path, most_header));
  if (is_meta_image(start)) return meta_files(path, first_bytes(path, most_header));
  return {};
}

std::vector<fs::path> content_files(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code)) return files_in(path);
  std::vector<fs::path> files = referenced_files(path);
  files.insert(files.begin(), path);
  return files;
}

std::uintmax_t content_bytes(const fs::path& path) {
  std::uintmax_t bytes = 0;
  for (const fs::path& file : content_files(path)) bytes += fs::file_size(file);
  return bytes;
}

std::string content_hash(const fs::path& path) {
  const std::vector<fs::path> files = content_files(path);
  if (files.size() == 1 && files.front() == path) return core::hash_file(path);
  std::string hashes;
  for (const fs::path& file : files) hashes += core::hash_file(file);
  return core::hash_bytes(hashes);
}

}  // namespace photo51::imaging
