#include "config/renamed_keys.hpp"

#include <algorithm>
#include <array>

#include "photo51/config/migrate.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

/// A key of a map. Places are dotted, of today's names; `*` is any name.
struct KeyRow {
  const char* place;      ///< of the map
  const char* component;  ///< that the map chooses; empty = whatever it is
  const char* was;
  const char* is;
  /// Today another option has the old name: it is the old one only beside another old name in the same map.
  bool only_beside_others = false;
};

/// A value, or the name of a component.
struct ValueRow {
  const char* place;  ///< of the entry
  const char* was;
  const char* is;
};

constexpr const char* encoder_place = "model.encoders.*";
constexpr const char* estimator_place = "model.heads.*.estimator";

constexpr std::array key_rows{
    KeyRow{"inputs.*", "", "colour", "color"},
    KeyRow{encoder_place, "vit", "patch", "patch_size"},
    KeyRow{encoder_place, "vit", "width", "embed_dim"},
    KeyRow{encoder_place, "vit", "layers", "depth"},
    KeyRow{encoder_place, "vit", "heads", "num_heads"},
    KeyRow{encoder_place, "vit", "mlp", "mlp_dim"},
    KeyRow{encoder_place, "vit", "layer_dropout", "dropout"},
    KeyRow{encoder_place, "vit", "dropout", "token_dropout", true},
    KeyRow{"model.heads.*", "", "learner", "estimator"},
    KeyRow{"model.heads.*", "", "select", "feature_selection"},
    KeyRow{"model.heads.*", "", "bags", "bootstrap_samples"},
    KeyRow{"model.heads.*", "", "balance", "class_weights"},
    KeyRow{"train", "", "select", "checkpoint"},
    KeyRow{"train", "", "balance", "sampler"},
    KeyRow{"train", "", "balance_head", "sampler_head"},
};

constexpr std::array value_rows{
    ValueRow{estimator_place, "linear", "elastic_net"},
    ValueRow{estimator_place, "kernel", "kernel_ridge"},
    ValueRow{"model.fusion.absent", "learnt", "learned"},
};

/// An encoder of this name is `identity` where it has no width.
constexpr const char* encoder_without_width = "linear";
constexpr const char* identity = "identity";

constexpr size_t deepest_place = 4;  ///< names in the longest place of the table

using Path = std::vector<std::string>;

bool matches(const char* place, const Path& path) {
  const auto names = core::split(place, '.');
  return std::equal(
      names.begin(), names.end(), path.begin(), path.end(),
      [](const std::string& wanted, const std::string& name) { return wanted == "*" || wanted == name; });
}

/// The component that a map chooses by `key`, or a bare scalar; null where it is not said.
const Node* name_node(const Node& node, const std::string& key) {
  if (node.kind == Node::Kind::scalar) return &node;
  const Node* name = node.find(key);
  return name != nullptr && name->kind == Node::Kind::scalar ? name : nullptr;
}

std::string component_of(const Node& node, const Node* merged, const std::string& key) {
  const Node* name = name_node(node, key);
  if (name == nullptr && merged != nullptr) name = name_node(*merged, key);
  return name != nullptr ? name->text : "";
}

class Finder {
 public:
  std::vector<Renamed> found;

  /// What `node`, a map at `path`, holds. `merged` is its counterpart, null where there is none.
  void look(const Node& node, const Node* merged, const ChoiceKeys& keys, const Path& path,
            const std::string& written) {
    if (node.kind != Node::Kind::map || path.size() >= deepest_place) return;
    for (const auto& [key, value] : node.entries) {
      const std::string place = written.empty() ? key : written + "." + key;
      const std::string today = today_of(key, node, merged, keys.key, path);
      const ChoiceKeys& below = keys.of(today);
      if (today != key) found.push_back({&value, Renamed::Part::key, place, key, today});
      Path inner = path;
      inner.push_back(today);
      const Node* counterpart = merged != nullptr ? merged->find(key) : nullptr;
      if (counterpart == nullptr && merged != nullptr) counterpart = merged->find(today);
      look_at_value(value, below.key, inner, place);
      if (matches(encoder_place, inner)) look_at_encoder(value, counterpart, below.key, place);
      look(value, counterpart, below, inner, place);
    }
  }

 private:
  static std::string today_of(const std::string& key, const Node& node, const Node* merged,
                              const std::string& chooser, const Path& path) {
    const std::string component = component_of(node, merged, chooser);
    const auto is_here = [&](const KeyRow& row) {
      return (*row.component == '\0' || component == row.component) && matches(row.place, path);
    };
    const auto row = std::find_if(key_rows.begin(), key_rows.end(),
                                  [&](const KeyRow& one) { return key == one.was && is_here(one); });
    if (row == key_rows.end()) return key;
    const auto stands = [&](const KeyRow& one) {
      return !one.only_beside_others && is_here(one) &&
             (node.find(one.was) != nullptr || (merged != nullptr && merged->find(one.was) != nullptr));
    };
    if (row->only_beside_others && std::none_of(key_rows.begin(), key_rows.end(), stands)) return key;
    return row->is;
  }

  void look_at_value(const Node& value, const std::string& chooser, const Path& path,
                     const std::string& place) {
    const Node* scalar = name_node(value, chooser);
    if (scalar == nullptr) return;
    for (const auto& row : value_rows)
      if (scalar->text == row.was && matches(row.place, path))
        found.push_back({scalar, Renamed::Part::value, place, row.was, row.is});
  }

  void look_at_encoder(const Node& value, const Node* merged, const std::string& chooser,
                       const std::string& place) {
    if (component_of(value, merged, chooser) != encoder_without_width) return;
    const Node* own = value.find("width");
    const Node* width = merged != nullptr ? merged->find("width") : own;
    if (width != nullptr && width->kind == Node::Kind::scalar && width->text != "0") return;
    const Node* name = name_node(value, chooser);
    if (name == nullptr && own == nullptr) return;  // all of it stands in a base, which is looked at alone
    found.push_back(
        {name != nullptr ? name : &value, Renamed::Part::value, place, encoder_without_width, identity});
    if (own != nullptr) found.push_back({own, Renamed::Part::entry, place + ".width", "width", ""});
  }
};

}  // namespace

std::vector<Renamed> renamed_in(const Node& document, const Node& merged, const ChoiceKeys& keys) {
  Finder finder;
  finder.look(document, &merged, keys, {}, "");
  return std::move(finder.found);
}

void refuse_renamed(const Node& document, const ChoiceKeys& keys) {
  const auto found = renamed_in(document, document, keys);
  if (found.empty()) return;
  const Renamed& first = found.front();
  std::string message = first.node->where() + ": " + first.path + ": ";
  if (first.part == Renamed::Part::value) message += "`" + first.was + "` ";
  if (first.is == identity) message += "without a width ";
  message += "is called `" + first.is + "` now";
  if (first.node->file)
    message += "; `photo51 migrate " + *first.node->file +
               "` gives it and all others today's names (docs/migrating.md)";
  core::fail_usage(message);
}

std::string current_estimator(const std::string& name) {
  for (const auto& row : value_rows)
    if (row.place == std::string_view(estimator_place) && name == row.was) return row.is;
  return name;
}

}  // namespace photo51::config
