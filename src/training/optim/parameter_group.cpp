#include "photo51/training/optim/parameter_group.hpp"

#include <fnmatch.h>

#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::training {
namespace {

/// What a pattern may have meant: the modules with all that is in them, then the parameters.
std::vector<std::string> candidates(const std::vector<std::string>& names) {
  std::set<std::string> modules;
  for (const auto& name : names)
    for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
      modules.insert(name.substr(0, dot) + ".*");
  std::vector<std::string> all(modules.begin(), modules.end());
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

}  // namespace

void describe(config::Fields& f, ParameterGroup& o) {
  f("match", o.match, "names of parameters, such as encoders.mri.*", {.required = true, .lone = true});
  f("lr_scale", o.lr_scale, "factor on the learning rate", {.min = 0});
  f("weight_decay", o.weight_decay, "instead of the optimiser's", {.min = 0});
  f("frozen_until", o.frozen_until,
    "epochs of training in which they stay as they are, batch norms with their running statistics",
    {.min = 0});
  f.check(!o.match.empty(), "match", "needs at least one name");
}

std::vector<bool> matched(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                          const std::string& where) {
  std::vector<bool> found(names.size(), false);
  for (const auto& pattern : patterns) {
    bool any = false;
    for (size_t i = 0; i < names.size(); ++i)
      if (::fnmatch(pattern.c_str(), names[i].c_str(), 0) == 0) found[i] = any = true;
    if (!any)
      core::fail_usage(where + ": `" + pattern + "` matches no parameter that is trained" +
                       core::suggest(pattern, candidates(names)));
  }
  return found;
}

std::vector<ParameterGroup> group_of_each(const ParameterGroups& groups,
                                          const std::vector<std::string>& names) {
  std::vector<ParameterGroup> of(names.size());
  std::vector<bool> taken(names.size(), false);
  for (const auto& [name, group] : groups) {
    const auto found = matched(group.match, names, "train.parameter_groups." + name + ".match");
    for (size_t i = 0; i < names.size(); ++i)
      if (found[i] && !taken[i]) {
        of[i] = group;
        taken[i] = true;
      }
  }
  return of;
}

}  // namespace photo51::training
