#include "photo51/nn/weights/dialect.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/weights/torch_file.hpp"

namespace photo51::nn {
namespace {

struct Match {
  std::vector<std::string> stars;  ///< the parts that `*` stood for
  std::string rest;                ///< of the name, with its dot
};

std::optional<Match> match(const std::string& pattern, const std::string& name) {
  const auto wanted = core::split(pattern, '.'), given = core::split(name, '.');
  if (wanted.size() > given.size()) return std::nullopt;
  Match found;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const size_t star = wanted[i].find('*');
    if (star == std::string::npos) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    const std::string before = wanted[i].substr(0, star), after = wanted[i].substr(star + 1);
    if (given[i].size() < before.size() + after.size() || !given[i].starts_with(before) ||
        !given[i].ends_with(after))
      return std::nullopt;
    found.stars.push_back(given[i].substr(star, given[i].size() - before.size() - after.size()));
  }
  for (size_t i = wanted.size(); i < given.size(); ++i) found.rest += "." + given[i];
  return found;
}

enum class Direction { to_ours, to_theirs };

/// By the first of the rules that matches.
std::string renamed(const std::string& name, const std::vector<Dialect::Rename>& renames,
                    Direction direction) {
  for (const auto& rule : renames) {
    const bool ours = direction == Direction::to_ours;
    const auto found = match(ours ? rule.from : rule.to, name);
    if (!found) continue;
    std::string result;
    size_t star = 0;
    for (const char letter : ours ? rule.to : rule.from) {
      if (letter == '*' && star < found->stars.size())
        result += found->stars[star++];
      else
        result += letter;
    }
    return result + found->rest;
  }
  return name;
}

bool is_of(const Dialect::Transform& transform, const std::string& own_name) {
  const auto found = match(transform.name, own_name);
  return found && found->rest.empty();
}

/// How many names have no counterpart.
size_t strangers(const Tensors& own, const Tensors& given) {
  size_t count = 0;
  for (const auto& entry : own) count += given.contains(entry.first) ? 0 : 1;
  for (const auto& entry : given) count += own.contains(entry.first) ? 0 : 1;
  return count;
}

}  // namespace

Tensors translate(const Tensors& tensors, const Dialect& dialect, const std::string& source,
                  Classifier classifier) {
  Tensors result;
  for (const auto& [name, values] : tensors) {
    const auto begins = [&name = name](const std::string& prefix) { return name.starts_with(prefix); };
    if (classifier == Classifier::left_out &&
        std::any_of(dialect.classifier.begin(), dialect.classifier.end(), begins))
      continue;
    const std::string own = renamed(name, dialect.renames, Direction::to_ours);
    at::Tensor changed = values;
    for (const auto& transform : dialect.transforms)
      if (is_of(transform, own)) changed = transform.apply(changed);
    if (!result.emplace(own, changed).second)
      core::fail_data(source + ": two tensors are `" + own + "` by the names of " + dialect.library +
                      ", one of them `" + name + "`; take one of them out");
  }
  return result;
}

Tensors translate_back(const Tensors& tensors, const Dialect& dialect) {
  Tensors result;
  for (const auto& [name, values] : tensors) {
    for (const auto& transform : dialect.transforms)
      if (is_of(transform, name))
        core::fail_usage(dialect.library + " has other values for `" + name +
                         "`, and no way back to them is known; keep the weights by their own names");
    const std::string theirs = renamed(name, dialect.renames, Direction::to_theirs);
    if (!result.emplace(theirs, values).second)
      core::fail_usage("two tensors are `" + theirs + "` by the names of " + dialect.library +
                       ", one of them `" + name + "`; keep the weights by their own names");
  }
  return result;
}

Tensors without_wrappers(const Tensors& tensors) {
  constexpr std::string_view around[] = {"module.",  "_orig_mod.", "model.",  "net.",
                                         "network.", "backbone.",  "encoder."};
  constexpr std::string_view part = "backbone.";
  Tensors bare = tensors;
  for (bool found = true; found && !bare.empty();) {
    found = false;
    for (const std::string_view wrapper : around) {
      const auto begins = [&](const auto& entry) { return entry.first.starts_with(wrapper); };
      const bool all = std::ranges::all_of(bare, begins);
      if (!all && (wrapper != part || std::ranges::none_of(bare, begins))) continue;
      Tensors inside;
      for (const auto& [name, values] : bare)
        if (name.starts_with(wrapper)) inside.emplace(name.substr(wrapper.size()), values);
      bare = std::move(inside);
      found = true;
      break;
    }
  }
  return bare;
}

Nearest nearest_dialect(const Tensors& tensors, const Tensors& own, const std::vector<Dialect>& dialects,
                        const std::string& source, Classifier classifier) {
  if (dialects.empty()) core::fail_usage(source + ": this network takes no pretrained weights");
  Nearest nearest{};
  const Tensors bare = without_wrappers(tensors);
  // A network's own names may begin as a wrapper's do.
  for (const Tensors* names : {&tensors, &bare})
    for (const auto& dialect : dialects) {
      Tensors translated = translate(*names, dialect, source, classifier);
      const size_t count = strangers(own, translated);
      if (nearest.dialect != nullptr && count >= nearest.strangers) continue;
      nearest = {&dialect, std::move(translated), count};
    }
  return nearest;
}

Pretrained load_pretrained(torch::nn::Module& module, const std::filesystem::path& path,
                           const std::vector<Dialect>& dialects, const PretrainedOptions& options) {
  return load_pretrained(module, read_weights(path, options.entry), path.string(), dialects, options);
}

Pretrained load_pretrained(torch::nn::Module& module, TensorFile file, const std::string& source,
                           const std::vector<Dialect>& dialects, const PretrainedOptions& options) {
  const Tensors own = state_of(module);
  const Nearest nearest = nearest_dialect(file.tensors, own, dialects, source, options.classifier);
  Adapted adapted = adapt(nearest.tensors, own, options.adapt, options.target);
  std::string remedy = "; the names were read as those of " + nearest.dialect->library;
  if (!adapted.would_help.empty())
    remedy += "; to change what has another shape, set " + core::join(adapted.would_help, ", ");
  load_state(module, adapted.tensors, source, {.remedy = remedy});
  for (const auto& change : adapted.changes) core::log_info(source + ": " + change);
  return {std::filesystem::path(source).filename().string(), nearest.dialect->library,
          std::move(adapted.changes), std::move(file.metadata)};
}

}  // namespace photo51::nn
