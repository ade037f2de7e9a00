#include "inference/prepared.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/learned.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::inference {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string prefix_of(const std::string& input) {
  return "inputs." + input + ".preprocess.";
}

constexpr const char* segmenter_name = ".segmenter.name";

/// A section of an input, with all its defaults; nothing where it has none.
std::optional<config::Node> section_of(const config::Choice& input, const char* key) {
  const auto options = input.options;
  const config::Node whole =
      config::dump_section({[options](config::Fields& f) { options->describe_to(f); }, {}, {}});
  const config::Node* found = whole.find(key);
  return found == nullptr ? std::nullopt : std::optional(*found);
}
std::optional<config::Node> preprocess_of(const config::Choice& input) {
  return section_of(input, "preprocess");
}

std::string one_line(const config::Node& node) {
  if (node.kind != config::Node::Kind::sequence) return node.text;
  std::vector<std::string> items;
  for (const auto& item : node.items) items.push_back(item.text);
  return "[" + core::join(items, ", ") + "]";
}

std::string list_of(const std::vector<double>& numbers) {
  std::vector<std::string> items;
  for (const double number : numbers) items.push_back(core::format_number(number));
  return "[" + core::join(items, ", ") + "]";
}

bool near(double given, double wanted, double relative) {
  return std::abs(given - wanted) <= relative * std::max(std::abs(wanted), 1e-6);
}

/// One number may stand for all channels. Of an input with one channel, whose weights were made for several,
/// it has to be among theirs.
bool agree(const std::vector<double>& given, const std::vector<double>& wanted) {
  constexpr double relative = 0.01;
  if (given.empty()) return false;
  const auto [low, high] = std::ranges::minmax(wanted);
  if (given.size() == 1) return near(std::clamp(given[0], low, high), given[0], relative);
  if (wanted.size() != 1 && given.size() != wanted.size()) return false;
  for (size_t i = 0; i < given.size(); ++i)
    if (!near(given[i], wanted.size() == 1 ? wanted[0] : wanted[i], relative)) return false;
  return true;
}

/// As a config says what the range is: a window, or the full scale of fixed means.
bool agrees(const preprocess::NormalizeOptions& normalize, const std::array<double, 2>& range) {
  constexpr double relative = 1e-3;
  if (normalize.method == preprocess::NormalizeMethod::window)
    return near(normalize.window[0], range[0], relative) && near(normalize.window[1], range[1], relative);
  return normalize.method == preprocess::NormalizeMethod::fixed && range[0] == 0 &&
         near(normalize.full_scale, range[1], relative);
}

/// Every value below a map, by its dotted key.
void add_values(const std::string& prefix, const config::Node& map, Prepared& prepared) {
  for (const auto& [key, node] : map.entries)
    if (node.kind == config::Node::Kind::map)
      add_values(prefix + key + ".", node, prepared);
    else
      prepared[prefix + key] = one_line(node);
}

/// Its programs are told apart by their hashes.
void add_segmenter(const std::string& name, const config::Choice& input, Prepared& prepared) {
  auto section = section_of(input, "segmenter");
  if (!section || section->kind != config::Node::Kind::map || section->find("name") == nullptr) return;
  config::Choice choice = input;
  for (const auto& program : data::named_files(choice).programs)
    section->erase(program.key.substr(program.key.find('.') + 1));
  add_values("inputs." + name + ".segmenter.", *section, prepared);
}

}  // namespace

Prepared prepared_as(const data::Inputs& inputs) {
  Prepared prepared;
  for (const auto& [name, input] : inputs) {
    const auto section = preprocess_of(input);
    if (!section) continue;
    if (const auto* spacing = section->find("spacing"))
      prepared[prefix_of(name) + "spacing"] = one_line(*spacing);
    if (const auto* normalize = section->find("normalize"))
      for (const auto& entry : normalize->entries)
        prepared[prefix_of(name) + "normalize." + entry.first] = one_line(entry.second);
    add_segmenter(name, input, prepared);
  }
  return prepared;
}

void require_prepared(const Prepared& at_training, const data::Inputs& inputs) {
  std::vector<std::string> changed;
  const Prepared now = prepared_as(inputs);
  for (const auto& [key, value] : now) {
    const auto trained = at_training.find(key);
    if (trained != at_training.end() && trained->second != value)
      changed.push_back(key + " is `" + value + "` and was `" + trained->second + "`");
    if (trained == at_training.end() && key.ends_with(segmenter_name))
      changed.push_back(key + " is `" + value + "` and there was none");
  }
  for (const auto& [key, value] : at_training)
    if (key.ends_with(segmenter_name) && !now.contains(key))
      changed.push_back(key + " is none and was `" + value + "`");
  if (!changed.empty())
    core::fail_usage(
        "the model was trained on images that were prepared otherwise: " + core::join(changed, "; ") +
        "; leave the preparation as it was, or train with the other");
}

std::vector<std::string> unlike(const nn::MadeFor& made_for, const std::string& name,
                                const config::Choice& input) {
  const auto section = preprocess_of(input);
  if (!section || made_for.empty()) return {};
  preprocess::PreprocessOptions options;
  config::read(*section, options);
  const auto& normalize = options.normalize;
  std::vector<std::string> found;
  const auto tell = [&](const std::string& key, const std::string& value, const std::string& wanted) {
    found.push_back(prefix_of(name) + key + " is " + value + " and the weights were made for " + wanted);
  };
  if (!made_for.spacing.empty()) {
    bool same = !options.spacing.empty();
    for (size_t i = 0; same && i < std::min(options.spacing.size(), made_for.spacing.size()); ++i)
      same = near(options.spacing[i], made_for.spacing[i], 0.01);
    if (!same) tell("spacing", list_of(options.spacing), list_of(made_for.spacing) + " mm");
  }
  const std::string method(config::name_of(normalize.method));
  if (made_for.range && !agrees(normalize, *made_for.range))
    tell("normalize",
         method + " (window " + list_of({normalize.window[0], normalize.window[1]}) + ", full_scale " +
             core::format_number(normalize.full_scale) + ")",
         "intensities of " + list_of({(*made_for.range)[0], (*made_for.range)[1]}) + " brought to 0 to 1");
  if (made_for.mean.empty()) return found;
  if (normalize.method != preprocess::NormalizeMethod::fixed) {
    tell("normalize.method", method,
         "fixed, mean " + list_of(made_for.mean) + ", std " + list_of(made_for.std));
    return found;
  }
  if (!agree(normalize.mean, made_for.mean))
    tell("normalize.mean", list_of(normalize.mean), list_of(made_for.mean));
  if (!agree(normalize.std, made_for.std))
    tell("normalize.std", list_of(normalize.std), list_of(made_for.std));
  return found;
}

std::string to_json(const std::map<std::string, PretrainedInput>& pretrained) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [input, from] : pretrained)
    json[input] = {{"file", from.file},
                   {"library", from.library},
                   {"changes", from.changes},
                   {"made_for", nn::to_json(from.made_for)}};
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::map<std::string, PretrainedInput> pretrained_from(const std::string& text) {
  const nlohmann::json json = core::parse_learned(text);
  const core::Learned told(json, "pretrained");
  std::map<std::string, PretrainedInput> pretrained;
  for (const auto& input : told.keys()) {
    const core::Learned from = told.at(input);
    pretrained[input] = {.file = from.at("file").text(),
                         .library = from.at("library").text(),
                         .changes = from.at("changes").texts(),
                         .made_for = nn::made_for({{nn::preprocessing_key, from.at("made_for").text()}})};
  }
  return pretrained;
}

std::string to_json(const Prepared& prepared) {
  return OrderedJson(prepared).dump();
}

Prepared prepared_from(const std::string& text) {
  const nlohmann::json json = core::parse_learned(text);
  const core::Learned told(json, "prepared");
  Prepared prepared;
  for (const auto& key : told.keys()) prepared[key] = told.at(key).text();
  return prepared;
}

}  // namespace photo51::inference
