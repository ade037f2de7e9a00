#include "photo51/run/layout.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <system_error>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/text.hpp"
#include "run/mark.hpp"

namespace photo51::run {
namespace {

namespace fs = std::filesystem;

constexpr std::array top_files{
    name::config,      name::original_config,  name::environment, name::cases,  name::log,
    name::predictions, name::predictions_json, name::metrics,     name::report, name::warnings,
    name::data_hashes, name::result_hashes,    name::stopped,     name::lock,   name::map_scores};
constexpr std::array member_files{name::best, name::last, name::selected, name::predictions};

constexpr const char *fold_word = "fold", *repeat_word = "repeat", *inner_word = "inner", *of_word = "of";
constexpr std::string_view weights_begin = "weights", weights_end = ".safetensors";
constexpr std::string_view map_end = ".nii.gz";
constexpr std::string_view program_begin = "program_", program_end = ".pt";

template <class Names>
bool is_own(const Names& names, const std::string& file) {
  const std::string whole = core::temporary_of(file);
  return std::find(names.begin(), names.end(), whole.empty() ? file : whole) != names.end();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What training makes for a moment to see whether it can write, left by a kill.
bool is_probe(const std::string& file) {
  const std::string earlier = std::string(name::probe) + "_";  // and a number
  return core::temporary_of(file) == name::probe ||
         (file.starts_with(earlier) && is_number(std::string_view(file).substr(earlier.size())));
}

/// "fold_2_repeat_1" against {"fold", "repeat"}: words and numbers alternate, the last pairs may be absent.
bool is_numbered(const std::string& text, const std::vector<std::string>& words, size_t least) {
  const auto parts = core::split(text, '_');
  if (parts.size() % 2 != 0 || parts.size() < 2 * least || parts.size() > 2 * words.size()) return false;
  for (size_t i = 0; i < parts.size(); i += 2)
    if (parts[i] != words[i / 2] || !is_number(parts[i + 1])) return false;
  return true;
}

bool is_member(const std::string& folder) {
  return is_numbered(folder, {fold_word, repeat_word}, 1);
}
bool is_inner_member(const std::string& folder) {
  return is_numbered(folder, {inner_word, of_word}, 2);
}

/// Sorts the entries of one folder: `file` and `sub` say which names are ours and what is inside.
void sort_entries(const fs::path& folder, const fs::path& top, Contents& contents,
                  const std::function<bool(const std::string&)>& is_file,
                  const std::function<bool(const std::string&, const fs::path&)>& enter) {
  std::vector<fs::directory_entry> entries;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    entries.push_back(*at);
  if (code) core::fail_run(folder.string() + ": cannot be read: " + code.message());
  std::sort(entries.begin(), entries.end());
  for (const auto& entry : entries) {
    const std::string file = entry.path().filename().string();
    const auto kind = entry.symlink_status(code).type();
    if (kind == fs::file_type::regular && is_file(file))
      contents.files.push_back(entry.path());
    else if (kind == fs::file_type::directory && enter(file, entry.path()))
      contents.folders.push_back(entry.path());
    else
      contents.foreign.push_back(entry.path().lexically_relative(top).string());
  }
}

bool is_marked(const fs::path& folder) {
  std::error_code code;
  if (fs::is_regular_file(folder / name::lock, code) &&
      core::read_file(folder / name::lock).starts_with(lock_mark))
    return true;
  if (!fs::is_regular_file(folder / name::environment, code)) return false;  // runs had no lock once
  try {
    const auto json = core::read_json_object(folder / name::environment, "");
    return json.contains("photo51") && json.contains("seed");
  } catch (const core::Error&) {
    return false;
  }
}

/// Whether `folder` is `path` or one of its parents.
bool holds(const fs::path& folder, const fs::path& path) {
  const fs::path inner = path.lexically_relative(folder);
  return !inner.empty() && *inner.begin() != "..";
}

fs::path whole_path(const fs::path& path) {
  std::error_code code;
  fs::path found = fs::weakly_canonical(fs::absolute(path, code), code);
  if (!found.has_filename()) found = found.parent_path();
  return found;
}

std::string some(const std::vector<std::string>& names) {
  constexpr size_t most = 5;
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most)));
  if (names.size() > most) shown.push_back("and " + std::to_string(names.size() - most) + " more");
  return core::join(shown, ", ");
}

Contents replaceable(const fs::path& folder, const std::vector<fs::path>& keep) {
  Contents contents = contents_of(folder);
  const std::string leave = ", so --overwrite leaves it alone; ";
  if (!contents.is_run)
    core::fail_usage(folder.string() + ": is no run folder" +
                     (contents.foreign.empty() ? "" : " (it holds " + some(contents.foreign) + ")") + leave +
                     "remove it yourself or choose another");
  if (!contents.foreign.empty())
    core::fail_usage(folder.string() + ": holds more than a run writes (" + some(contents.foreign) + ")" +
                     leave + "move that elsewhere or choose another folder");
  const fs::path whole = whole_path(folder);
  std::error_code code;
  if (holds(whole, whole_path(fs::current_path(code))))
    core::fail_usage(folder.string() + ": is the working folder or a parent of it" + leave +
                     "go elsewhere first or choose another folder");
  for (const auto& path : keep)
    if (!path.empty() && holds(whole, whole_path(path)))
      core::fail_usage(folder.string() + ": holds " + path.string() + ", which the new run needs" + leave +
                       "copy that elsewhere or choose another folder");
  return contents;
}

/// A run or a published model, finished or not.
std::string results_in(const fs::path& folder) {
  std::error_code code;
  if (fs::exists(folder / name::published, code)) return "a published model (model.yaml)";
  if (!fs::exists(folder / name::config, code)) return "";
  for (const char* other : {name::checkpoints, name::environment, name::lock, name::cases})
    if (fs::exists(folder / other, code)) return "a run (config.yaml, " + std::string(other) + ")";
  return "";
}

void refuse(const fs::path& folder, const fs::path& named, const std::string& option) {
  const std::string why = ", whose own files new results would replace; choose another folder";
  if (const auto found = results_in(folder); !found.empty())
    core::fail_usage(option + ": " + named.string() + ": holds " + found + why);
  for (fs::path at = folder; at.has_relative_path(); at = at.parent_path())
    if (at.filename() == name::checkpoints && !results_in(at.parent_path()).empty())
      core::fail_usage(option + ": " + named.string() + ": lies among the models of a run" + why);
}

}  // namespace

std::string member_name(int64_t fold, int64_t repeat) {
  std::string text = fold_word + ("_" + std::to_string(fold));
  if (repeat > 0) text += std::string("_") + repeat_word + "_" + std::to_string(repeat);
  return text;
}

std::string inner_member_name(int64_t fold, int64_t folds) {
  return std::string(inner_word) + "_" + std::to_string(fold) + "_" + of_word + "_" + std::to_string(folds);
}

std::string published_weights_name(size_t member, size_t members) {
  const std::string number = members == 1 ? "" : "_" + std::to_string(member);
  return std::string(weights_begin) + number + std::string(weights_end);
}

bool is_published_weights(const std::string& file) {
  return file.starts_with(weights_begin) && file.ends_with(weights_end);
}

std::string program_name(const std::string& input) {
  return std::string(program_begin) + input + std::string(program_end);
}

bool is_program(const std::string& file) {
  const std::string whole = core::temporary_of(file);
  const std::string& name = whole.empty() ? file : whole;
  return name.starts_with(program_begin) && name.ends_with(program_end);
}

Contents contents_of(const fs::path& folder) {
  Contents contents;
  std::error_code code;
  if (!fs::is_directory(folder, code)) return contents;
  const auto member_file = [](const std::string& file) { return is_own(member_files, file); };
  const auto nothing = [](const std::string&, const fs::path&) { return false; };
  const auto none = [](const std::string&) { return false; };
  const auto inner = [&](const std::string& sub, const fs::path& path) {
    if (!is_inner_member(sub)) return false;
    sort_entries(path, folder, contents, member_file, nothing);
    return true;
  };
  const auto member = [&](const std::string& sub, const fs::path& path) {
    if (!is_member(sub)) return false;
    sort_entries(path, folder, contents, member_file, inner);
    return true;
  };
  const auto map_file = [](const std::string& file) {
    const std::string whole = core::temporary_of(file);
    return (whole.empty() ? file : whole).ends_with(map_end);
  };
  const auto of_case = [&](const std::string&, const fs::path& path) {
    sort_entries(path, folder, contents, map_file, nothing);
    return true;
  };
  const auto checkpoints = [&](const std::string& sub, const fs::path& path) {
    if (sub == name::maps) {
      sort_entries(path, folder, contents, none, of_case);
      return true;
    }
    if (sub != name::checkpoints) return false;
    sort_entries(path, folder, contents, none, member);
    return true;
  };
  sort_entries(
      folder, folder, contents,
      [](const std::string& file) { return is_own(top_files, file) || is_program(file) || is_probe(file); },
      checkpoints);
  contents.is_run = fs::is_regular_file(folder / name::config, code) && is_marked(folder);
  contents.empty = contents.foreign.empty() && contents.folders.empty() &&
                   std::all_of(contents.files.begin(), contents.files.end(), [](const fs::path& file) {
                     return file.filename() == name::lock || is_probe(file.filename().string());
                   });
  return contents;
}

void check_replaceable(const fs::path& folder, const std::vector<fs::path>& keep) {
  replaceable(folder, keep);
}

void remove_run(const fs::path& folder, const std::vector<fs::path>& keep) {
  const Contents contents = replaceable(folder, keep);
  std::error_code code;
  const auto remove = [&](const fs::path& path) {
    fs::remove(path, code);  // a folder only when it is empty
    if (code) core::fail_run(path.string() + ": cannot be removed: " + code.message());
  };
  for (const auto& file : contents.files)
    if (file != folder / name::lock) remove(file);
  for (const auto& sub : contents.folders) remove(sub);
}

void remove_temporaries(const fs::path& folder) {
  std::error_code code;
  for (const auto& file : contents_of(folder).files)
    if (const std::string name = file.filename().string();
        !core::temporary_of(name).empty() || is_probe(name))
      fs::remove(file, code);
}

void refuse_output_folder(const fs::path& out, const std::string& option) {
  if (!out.empty()) refuse(whole_path(out), out, option);
}

void refuse_output_file(const fs::path& file, const std::string& option) {
  if (!file.empty()) refuse(whole_path(file).parent_path(), file, option);
}

}  // namespace photo51::run
