#include "photo51/nn/weights/dialect.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

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
    if (wanted[i] == "*")
      found.stars.push_back(given[i]);
    else if (wanted[i] != given[i])
      return std::nullopt;
  }
  for (size_t i = wanted.size(); i < given.size(); ++i) found.rest += "." + given[i];
  return found;
}

std::string renamed(const std::string& name, const std::vector<Dialect::Rename>& renames) {
  for (const auto& rule : renames) {
    const auto found = match(rule.from, name);
    if (!found) continue;
    std::string result;
    size_t star = 0;
    for (const char letter : rule.to) {
      if (letter == '*' && star < found->stars.size())
        result += found->stars[star++];
      else
        result += letter;
    }
    return result + found->rest;
  }
  return name;
}

/// How many names have no counterpart.
size_t strangers(const Tensors& own, const Tensors& given) {
  size_t count = 0;
  for (const auto& entry : own) count += given.contains(entry.first) ? 0 : 1;
  for (const auto& entry : given) count += own.contains(entry.first) ? 0 : 1;
  return count;
}

}  // namespace

Tensors translate(const Tensors& tensors, const Dialect& dialect, const std::string& source) {
  Tensors result;
  for (const auto& [name, values] : tensors) {
    const auto begins = [&name = name](const std::string& prefix) { return name.starts_with(prefix); };
    if (std::any_of(dialect.classifier.begin(), dialect.classifier.end(), begins)) continue;
    const std::string own = renamed(name, dialect.renames);
    at::Tensor changed = values;
    for (const auto& transform : dialect.transforms)
      if (const auto found = match(transform.name, own); found && found->rest.empty())
        changed = transform.apply(changed);
    if (!result.emplace(own, changed).second)
      core::fail_data(source + ": two tensors are `" + own + "` by the names of " + dialect.library +
                      ", one of them `" + name + "`; take one of them out");
  }
  return result;
}

Metadata load_pretrained(torch::nn::Module& module, const std::filesystem::path& path,
                         const std::vector<Dialect>& dialects) {
  if (dialects.empty()) core::fail_usage(path.string() + ": this network takes no pretrained weights");
  TensorFile file = read_safetensors(path);
  const Tensors own = state_of(module);
  Tensors nearest;
  size_t fewest = 0;
  for (size_t i = 0; i < dialects.size(); ++i) {
    Tensors translated = translate(file.tensors, dialects[i], path.string());
    const size_t count = strangers(own, translated);
    if (i > 0 && count >= fewest) continue;
    fewest = count;
    nearest = std::move(translated);
  }
  load_state(module, nearest, path.string());
  return std::move(file.metadata);
}

}  // namespace photo51::nn
