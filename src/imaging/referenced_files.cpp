#include "photo51/imaging/referenced_files.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "imaging/readers.hpp"
#include "imaging/recent_files.hpp"
#include "imaging/slide/key_lines.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

constexpr size_t most_header = size_t{1} << 20;
constexpr int64_t most_files = 100'000;  ///< of one header

std::string first_bytes(const fs::path& path, size_t count) {
  if (const FileBytes held = recent_files().held(path)) return held->substr(0, count);
  const core::RegularFile file(path);
  std::string bytes(count, '\0');
  bytes.resize(file.read(bytes.data(), count));
  return bytes;
}

bool is_below(const fs::path& file, const fs::path& folder) {
  return !folder.empty() &&
         std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

/// Whether `file`, links followed, lies in the folder that names the header or in the one that holds it.
bool is_kept_beside(const fs::path& header, const fs::path& file) {
  std::error_code code;
  const fs::path true_file = fs::canonical(file, code);
  const fs::path folder = header.parent_path().empty() ? fs::path(".") : header.parent_path();
  return is_below(true_file, fs::canonical(folder, code)) ||
         is_below(true_file, fs::canonical(header, code).parent_path());
}

/// A reader takes what the field names as it is, so it must not lead out of the header's folder.
fs::path beside(const fs::path& header, const std::string& field, const std::string& name) {
  const fs::path named(name);
  const auto fail_elsewhere = [&](const std::string& what) {
    core::fail_data(header.string() + ": " + field + " names `" + name + "`, which " + what +
                    "; put the voxels beside the header and name them there, or, where headers can be "
                    "trusted, set cohort.detached_files to `anywhere`");
  };
  const bool anywhere = file_limits().follow_out_of_folder;
  const bool climbs = std::find(named.begin(), named.end(), "..") != named.end();
  if (!anywhere && (named.is_absolute() || named.empty() || climbs))
    fail_elsewhere("is not in the folder of the header");
  fs::path file = header.parent_path() / named;
  std::error_code code;
  if (!anywhere && fs::exists(file, code) && !is_kept_beside(header, file))
    fail_elsewhere("is a link that leads out of the folder of the header");
  // Teem reads a `-` from the terminal.
  if (!fs::is_regular_file(file, code) || name == "-")
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
                                  const std::vector<std::string>& rest) {
  if (value.starts_with("LIST")) {
    std::vector<fs::path> files;
    for (const std::string& line : rest)
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

bool begins_line(const std::string& text, size_t at) {
  const size_t last = text.find_last_not_of(" \t", at - 1);
  return last == std::string::npos || text[last] == '\n' || text[last] == '\r';
}

/// Of MetaImage: MetaIO ends a key at `=` or `:` and stops reading at this one.
struct DataField {
  std::string before;  ///< the lines that MetaIO reads before it
  std::string value;
  std::vector<std::string> rest;  ///< the lines behind it
};
DataField data_field(const fs::path& header, const std::string& text) {
  const std::string field = "ElementDataFile";
  size_t key = text.find(field);
  while (key != std::string::npos && key > 0 && !begins_line(text, key)) key = text.find(field, key + 1);
  const size_t sign = key == std::string::npos ? key : text.find_first_of("=:\n", key);
  if (sign == std::string::npos || text[sign] == '\n')
    core::fail_data(header.string() +
                    ": has no ElementDataFile, so it has no voxels; it is cut off: copy it again");
  const size_t end = std::min(text.find('\n', sign), text.size());
  return {text.substr(0, key), std::string(core::trim(text.substr(sign + 1, end - sign - 1))),
          end < text.size() ? core::split(text.substr(end + 1), '\n') : std::vector<std::string>()};
}

/// Each number of MetaImage's field `name` in its header; MetaIO takes the last one.
template <class Take>
void each_meta_number(const std::string& text, const std::string& name, const Take& take) {
  const auto look = [&](const std::string& key, const std::string& value) {
    if (key == name) take(core::parse_int(value), value.substr(0, 40));
  };
  each_key_line(text, look, "=:");
}

/// MetaIO reads as many numbers of a row or a matrix as the header has dimensions, whatever room they have,
/// and makes room for as many bytes as the header says that its packed voxels take.
void check_meta_numbers(const fs::path& header, const std::string& text, const std::vector<fs::path>& files) {
  constexpr int64_t most_dimensions = 10;
  each_meta_number(text, "NDims", [&](const std::optional<int64_t>& count, const std::string& value) {
    if (!count || *count < 1 || *count > most_dimensions)
      core::fail_data(header.string() + ": NDims is `" + value +
                      "`, and an image has 1 to 10 dimensions; the header is damaged, copy it again");
  });
  uint64_t bytes = fs::file_size(header);
  for (const fs::path& file : files) bytes += fs::file_size(file);
  each_meta_number(
      text, "CompressedDataSize", [&](const std::optional<int64_t>& size, const std::string& value) {
        if (!size || *size < 0 || static_cast<uint64_t>(*size) > bytes)
          core::fail_data(header.string() + ": CompressedDataSize is `" + value + "`, and there are " +
                          std::to_string(bytes) + " bytes; the header is damaged, copy it again");
      });
}

std::vector<fs::path> meta_files(const fs::path& header, const std::string& text) {
  const auto [before, value, rest] = data_field(header, text);
  std::vector<fs::path> files;
  if (value != "LOCAL" && value != "Local" && value != "local")
    files = named_files(header, "ElementDataFile", value, rest);
  check_meta_numbers(header, before, files);
  return files;
}

/// Teem knows the field in any case, with a blank in it or not.
std::vector<fs::path> nrrd_files(const fs::path& header) {
  const std::vector<std::string> lines = nrrd_header(header);
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t colon = lines[i].find(':');
    const std::string key =
        colon == std::string::npos ? "" : lower(std::string(core::trim(lines[i].substr(0, colon))));
    if (key == "data file" || key == "datafile")
      return named_files(header, "data file", std::string(core::trim(lines[i].substr(colon + 1))),
                         {lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.end()});
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

/// The folder beside the slide, whose Slidedat.ini names the files with the pixels.
std::vector<fs::path> mirax_files(const fs::path& slide) {
  fs::path folder = slide;
  folder.replace_extension();
  std::error_code code;
  if (!fs::is_directory(folder, code)) return {};
  if (!file_limits().follow_out_of_folder && !is_kept_beside(slide, folder))
    core::fail_data(slide.string() +
                    ": its folder is a link that leads out of the folder of the slide; put the "
                    "folder beside the slide, or set cohort.detached_files to `anywhere`");
  const fs::path settings = folder / "Slidedat.ini";
  if (fs::is_regular_file(settings, code))
    each_key_line(first_bytes(settings, most_header), [&](const std::string& key, const std::string& value) {
      if ((key == "INDEXFILE" || key.starts_with("FILE_")) && !value.empty() &&
          key.find_first_not_of("INDEXFL_0123456789") == std::string::npos)
        beside(settings, key, value);
    });
  std::vector<fs::path> files = files_in(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.exists(code) && !entry.is_regular_file(code) && !entry.is_directory(code))
      core::fail_data(slide.string() + ": " + entry.path().filename().string() +
                      " in its folder is not a regular file; remove it, and copy the folder again");
  if (!file_limits().follow_out_of_folder)
    for (const fs::path& file : files)
      if (!is_kept_beside(slide, file))
        core::fail_data(slide.string() + ": " + file.filename().string() +
                        " in its folder is a link that leads out "
                        "of it; copy the file there, or set cohort.detached_files to `anywhere`");
  return files;
}

/// What OpenSlide opens beside a key file of Hamamatsu.
std::vector<fs::path> hamamatsu_files(const fs::path& slide, const std::string& text) {
  std::vector<fs::path> files;
  each_key_line(text, [&](const std::string& key, const std::string& value) {
    for (const char* kind : {"ImageFile", "MapFile", "MacroImage", "OptimisationFile"})
      if (key.starts_with(kind) && !value.empty()) files.push_back(beside(slide, key, value));
  });
  return files;
}

}  // namespace

std::vector<fs::path> referenced_files(const fs::path& path) {
  const std::string suffix = lower(path.extension().string());
  if (suffix == ".mrxs") return mirax_files(path);
  core::require_regular_file(path);
  // As OpenSlide does, which knows these by what is in them.
  const std::string start = first_bytes(path, size_t{1} << 16);
  if (start.find("Virtual Microscope Specimen]") != std::string::npos) return hamamatsu_files(path, start);
  if (start.starts_with("NRRD000")) return nrrd_files(path);
  if (is_meta_image(start.substr(0, 1024))) return meta_files(path, first_bytes(path, most_header));
  return {};
}

std::vector<std::string> nrrd_header(const fs::path& path) {
  const std::string text = first_bytes(path, most_header);
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n' && text[at] != '\r') {
      lines.back() += text[at];
      continue;
    }
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    if (core::trim(lines.back()).empty()) return lines;  // the voxels follow
    lines.emplace_back();
  }
  if (text.size() == most_header)
    core::fail_data(path.string() + ": its NRRD header does not end within " +
                    std::to_string(most_header >> 20) +
                    " MiB, so which files it names is not known; it is "
                    "damaged or made to do harm");
  return lines;
}

void require_meta_data_field(const fs::path& path, const std::string& read) {
  const std::string seen = data_field(path, first_bytes(path, most_header)).value;
  if (seen != core::trim(read))
    core::fail_data(path.string() + ": ElementDataFile is `" + seen + "` and, read otherwise, `" + read +
                    "`; such a header is damaged or made to do harm");
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
  const auto hash_of = [](const fs::path& file) {
    const FileBytes held = recent_files().held(file);
    return held ? core::hash_bytes(*held) : core::hash_file(file);
  };
  const std::vector<fs::path> files = content_files(path);
  if (files.size() == 1 && files.front() == path) return hash_of(path);
  std::string hashes;
  for (const fs::path& file : files) hashes += hash_of(file);
  return core::hash_bytes(hashes);
}

}  // namespace photo51::imaging
