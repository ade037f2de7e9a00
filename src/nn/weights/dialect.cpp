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

/// The pattern with what its stars stand for.
std::string filled(const std::string& pattern, const Match& found) {
  std::string result;
  size_t star = 0;
  for (const char letter : pattern) {
    if (letter == '*' && star < found.stars.size())
      result += found.stars[star++];
    else
      result += letter;
  }
  return result;
}

enum class Direction { to_ours, to_theirs };

/// By the first of the rules that matches.
std::string renamed(const std::string& name, const std::vector<Dialect::Rename>& renames,
                    Direction direction) {
  for (const auto& rule : renames) {
    const bool ours = direction == Direction::to_ours;
    const auto found = match(ours ? rule.from : rule.to, name);
    if (!found) continue;
    return filled(ours ? rule.to : rule.from, *found) + found->rest;
  }
  return name;
}

bool is_of(const Dialect::Transform& transform, const std::string& own_name) {
  const auto found = match(transform.name, own_name);
  return found && found->rest.empty();
}

bool is_left_out(const Dialect& dialect, const std::string& name, Classifier classifier) {
  const auto begins = [&](const std::string& prefix) { return name.starts_with(prefix); };
  const auto matches = [&](const std::string& pattern) { return match(pattern, name).has_value(); };
  return (classifier == Classifier::left_out && std::ranges::any_of(dialect.classifier, begins)) ||
         std::ranges::any_of(dialect.ignored, matches) || dialect.constants.contains(name);
}

/// A part that stands for the others, since it has a name.
const std::string& named_part(const Dialect::Join& join) {
  return *std::ranges::find_if(join.parts, [](const std::string& part) { return !part.empty(); });
}

/// Makes one tensor of parts that are all there and of one shape and type; others keep their names.
void put_together(Tensors& tensors, const Dialect::Join& join) {
  std::vector<Match> all;
  for (const auto& entry : tensors)
    if (const auto found = match(named_part(join), entry.first); found && found->rest.empty())
      all.push_back(*found);
  for (const Match& found : all) {
    const at::Tensor like = tensors.at(filled(named_part(join), found));
    std::vector<at::Tensor> values;
    for (const std::string& part : join.parts) {
      const auto place = part.empty() ? tensors.end() : tensors.find(filled(part, found));
      if (part.empty())
        values.push_back(at::zeros_like(like));
      else if (place != tensors.end() && place->second.sizes() == like.sizes() &&
               place->second.scalar_type() == like.scalar_type())
        values.push_back(place->second);
    }
    if (values.size() != join.parts.size() || tensors.contains(filled(join.name, found))) continue;
    for (const std::string& part : join.parts) tensors.erase(filled(part, found));
    tensors.emplace(filled(join.name, found), at::cat(values));
  }
}

/// The way back.
Tensors taken_apart(const Tensors& tensors, const std::vector<Dialect::Join>& joins) {
  Tensors result = tensors;
  for (const auto& join : joins)
    for (const auto& [name, values] : tensors) {
      const auto found = match(join.name, name);
      if (!found || !found->rest.empty()) continue;
      const auto parts = values.chunk(static_cast<int64_t>(join.parts.size()));
      result.erase(name);
      for (size_t i = 0; i < parts.size(); ++i)
        if (!join.parts[i].empty()) result.emplace(filled(join.parts[i], *found), parts[i]);
    }
  return result;
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
    if (is_left_out(dialect, name, classifier)) continue;
    const std::string own = renamed(name, dialect.renames, Direction::to_ours);
    at::Tensor changed = values;
    for (const auto& transform : dialect.transforms)
      if (is_of(transform, own)) changed = transform.apply(changed);
    if (!result.emplace(own, changed).second)
      core::fail_data(source + ": two tensors are `" + own + "` by the names of " + dialect.library +
                      ", one of them `" + name + "`; take one of them out");
  }
  for (const auto& join : dialect.joins) put_together(result, join);
  return result;
}

Tensors translate_back(const Tensors& tensors, const Dialect& dialect) {
  Tensors result;
  for (const auto& [name, values] : taken_apart(tensors, dialect.joins)) {
    at::Tensor changed = values;
    for (auto transform = dialect.transforms.rbegin(); transform != dialect.transforms.rend(); ++transform) {
      if (!is_of(*transform, name)) continue;
      if (transform->back == nullptr)
        core::fail_usage(dialect.library + " has other values for `" + name +
                         "`, and no way back to them is known; keep the weights by their own names");
      changed = transform->back(changed);
    }
    const std::string theirs = renamed(name, dialect.renames, Direction::to_theirs);
    if (!result.emplace(theirs, changed).second)
      core::fail_usage("two tensors are `" + theirs + "` by the names of " + dialect.library +
                       ", one of them `" + name + "`; keep the weights by their own names");
  }
  result.insert(dialect.constants.begin(), dialect.constants.end());
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
