#include "data/cohort/manifest.hpp"

#include <unordered_map>

#include "data/cohort/cells.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

namespace fs = std::filesystem;

void Manifest::read_ids() {
  const size_t id_column = table.require(options.id);
  const auto site_column = table.find(options.site);
  std::unordered_map<std::string, size_t> first;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& id = cell(row, id_column);
    if (is_blank(id)) core::fail_data(where(row, id_column) + ": the patient has no id");
    if (!core::is_plain(id))
      core::fail_data(
          where(row, id_column) + ": the id `" + core::shown(id) +
          "` holds a control character or a mark that is not seen; write it with letters, digits and "
          "signs");
    const auto [other, is_new] = first.emplace(id, row);
    if (!is_new)
      core::fail_data(where(row, id_column) + ": the patient `" + id + "` stands twice (also in line " +
                      std::to_string(table.lines[other->second]) + "); one row a patient");
    ids.push_back(id);
    sites.push_back(site_column && !is_blank(cell(row, *site_column)) ? cell(row, *site_column) : "");
  }
  if (ids.empty()) core::fail_data(table.source + ": there is no patient in this manifest");
}

fs::path Manifest::resolve(const std::string& named) const {
  const fs::path path(named);
  return path.is_absolute() ? path : folder / path;
}

std::optional<size_t> Manifest::find_column(const std::string& input, const std::string& name) const {
  const auto own = table.find(input + "." + name);
  return own ? own : table.find(name);
}

fs::path Manifest::file(size_t row, size_t column) const {
  const std::string& named = cell(row, column);
  return is_blank(named) ? fs::path() : named_file(named, row, column);
}

std::vector<fs::path> Manifest::instance_files(size_t row, size_t column) const {
  const std::string& text = cell(row, column);
  if (is_blank(text)) return {};
  std::vector<fs::path> paths;
  for (const auto& part : core::split(text, ';')) {
    const std::string named(core::trim(part));
    if (named.empty())
      core::fail_data(where(row, column) + ": `" + text + "`: a file between two `;` has no name");
    paths.push_back(named_file(named, row, column));
  }
  return paths;
}

fs::path Manifest::named_file(const std::string& named, size_t row, size_t column) const {
  fs::path path = resolve(named);
  // With `skip` the case fails when it is loaded, and is counted there.
  std::error_code code;
  if (options.on_bad_case != BadCase::skip && !fs::exists(split_series(path).first, code))
    core::fail_data(where(row, column) + ": there is no file `" + named + "`" +
                    (path.string() == named ? "" : " (" + path.string() + ")") +
                    (code ? " (" + code.message() + ")" : "") +
                    (named.find(';') == std::string::npos
                         ? "; correct the path or leave it blank"
                         : "; several files in one cell need `bag: always`"));
  return path;
}

double Manifest::number(size_t row, size_t column, const char* of, double least) const {
  const auto value = core::parse_double(cell(row, column));
  if (!value || !core::fits_float(*value) || *value < least)
    core::fail_data(where(row, column) + ": `" + cell(row, column) + "` is not " + of);
  return *value;
}

std::pair<fs::path, std::string> split_series(const fs::path& path) {
  const std::string text = path.string();
  std::error_code code;  // of a link that runs in a circle, say: whoever reads it refuses it
  if (fs::exists(path, code)) return {path, ""};
  for (size_t hash = text.find('#'); hash != std::string::npos; hash = text.find('#', hash + 1))
    if (fs::exists(text.substr(0, hash), code)) return {text.substr(0, hash), text.substr(hash + 1)};
  return {path, ""};
}

}  // namespace photo51::data
