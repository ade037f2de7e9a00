#include "data/cohort/input_cells.hpp"

#include <algorithm>

#include "data/images/subchannel.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

class Finder {
 public:
  Finder(const Manifest& manifest, const Inputs& inputs, const std::vector<InputColumns>& names,
         bool is_single)
      : manifest_(manifest), inputs_(inputs), names_(names), is_single_(is_single) {}

  InputCells find(size_t input) const {
    const std::string& name = inputs_[input].first;
    const InputColumns& of = names_[input];
    InputCells found;
    for (size_t i = 0; i < of.channels.size(); ++i) {
      const std::string column = column_of(of.channels[i]), owner = owner_of(input, i);
      found.channels.push_back(require(owner, column));
      found.registrations.push_back(manifest_.find_column(owner, column + ".registration"));
      found.mpps.push_back(of.slides ? manifest_.find_column(name, column + ".mpp") : std::nullopt);
      if (of.bag && found.registrations.back())
        core::fail_data(
            manifest_.table.source + ": input " + name + ": column `" +
            manifest_.table.columns[*found.registrations.back()] +
            "`: the images of a bag are not registered to each other; remove it or set bag: never");
    }
    if (!of.mask.empty()) found.mask = require(name, of.mask);
    for (const auto& column : of.values) found.values.push_back(require(name, column));
    for (const auto& column : of.center) found.center.push_back(require(name, column));
    if (of.table) {
      found.table = manifest_.table.find(name + ".table");
      if (!found.table) found.table = manifest_.find_column(name, *of.table);
    }
    return found;
  }

 private:
  /// One case's `mri.flair=FILE` serves every input with that channel, as one column of a manifest does.
  std::optional<size_t> find_shared(const std::string& name) const {
    for (size_t other = 0; other < inputs_.size(); ++other) {
      const InputColumns& of = names_[other];
      const bool has =
          of.mask == name || std::any_of(of.channels.begin(), of.channels.end(),
                                         [&](const auto& one) { return column_of(one) == name; });
      if (const auto column = manifest_.table.find(inputs_[other].first + "." + name); has && column)
        return column;
    }
    return std::nullopt;
  }

  std::optional<size_t> require(const std::string& input, const std::string& name) const {
    auto column = manifest_.find_column(input, name);
    if (is_single_ && !column) column = find_shared(name);
    if (!column && !is_single_)
      core::fail_data(manifest_.table.source + ": input " + input + ": there is no column `" + name +
                      "` or `" + input + "." + name + "`" + core::suggest(name, manifest_.table.columns));
    return column;
  }

  /// The input whose columns a channel is found by: its own, or the one that it comes from.
  std::string owner_of(size_t input, size_t channel) const {
    const std::string& name = inputs_[input].first;
    const InputColumns& of = names_[input];
    if (of.origins.empty() || of.origins[channel].empty()) return name;
    const std::string& origin = of.origins[channel];
    const std::string column = column_of(of.channels[channel]);
    std::vector<std::string> all;
    bool is_input = false;
    for (size_t other = 0; other < inputs_.size(); ++other) {
      all.push_back(inputs_[other].first);
      if (inputs_[other].first != origin) continue;
      is_input = true;
      std::vector<std::string> channels;
      for (const auto& one : names_[other].channels) channels.push_back(column_of(one));
      if (std::find(channels.begin(), channels.end(), column) == channels.end())
        core::fail_usage("input " + name + ": from: input `" + origin + "` has no channel `" + column + "`" +
                         core::suggest(column, channels));
    }
    if (!is_input && !is_single_ && !manifest_.table.find(origin + "." + column))
      core::fail_usage("input " + name + ": from: there is neither an input `" + origin + "` nor a column `" +
                       origin + "." + column + "`" + core::suggest(origin, all));
    return manifest_.table.find(name + "." + column) ? name : origin;
  }

  const Manifest& manifest_;
  const Inputs& inputs_;
  const std::vector<InputColumns>& names_;
  bool is_single_;
};

}  // namespace

std::vector<InputCells> find_cells(const Manifest& manifest, const Inputs& inputs,
                                   const std::vector<InputColumns>& names, bool is_single) {
  const Finder finder(manifest, inputs, names, is_single);
  std::vector<InputCells> cells;
  for (size_t input = 0; input < inputs.size(); ++input) cells.push_back(finder.find(input));
  return cells;
}

}  // namespace photo51::data
