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

/// Beside a pool of bags that is named alone, the width of gated attention was a key of the encoder.
constexpr const char* pool_key = "bag_pool";
constexpr const char* old_gated_pool = "attention";
constexpr const char* gated_pool = "gated_abmil";
constexpr const char* old_pool_width = "attention_width";

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
      if (matches(encoder_place, inner)) {
        look_at_encoder(value, counterpart, below.key, place);
        look_at_bag_pool(value, counterpart, place);
      }
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

  void look_at_bag_pool(const Node& encoder, const Node* merged, const std::string& place) {
    const Node* pool = encoder.find(pool_key);
    const Node* width = encoder.find(old_pool_width);
    const Node* whole_pool = merged != nullptr ? merged->find(pool_key) : pool;
    const Node* whole_width = merged != nullptr ? merged->find(old_pool_width) : width;
    const auto named = [](const Node* node, const char* name) {
      const Node* scalar = node != nullptr ? name_node(*node, "name") : nullptr;
      return scalar != nullptr && scalar->text == name;
    };
    const auto with_width = [](const Node* of) {
      if (of == nullptr) return std::string(gated_pool);
      return "{name: " + std::string(gated_pool) + ", hidden: " + of->text + "}";
    };
    const std::string at_pool = place + "." + pool_key, at_width = place + "." + old_pool_width;
    if (named(pool, old_gated_pool))
      found.push_back({pool, Renamed::Part::value, at_pool, old_gated_pool, with_width(whole_width)});
    if (width == nullptr) return;
    const bool of_base =
        pool == nullptr && (named(whole_pool, old_gated_pool) || named(whole_pool, gated_pool));
    if (!of_base) return found.push_back({width, Renamed::Part::entry, at_width, old_pool_width, ""});
    found.push_back({width, Renamed::Part::key, at_width, old_pool_width, pool_key});
    found.push_back({width, Renamed::Part::value, at_width, width->text, with_width(width)});
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
  message += first.part == Renamed::Part::entry ? "is no key any more" : "is called `" + first.is + "` now";
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
