#pragma once
/// What a config chooses by name: components, the open tables that they stand in, and the choice itself.

#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace photo51::config {

class Fields;

/// The options of some component, with their type forgotten.
class Options {
 public:
  virtual ~Options() = default;
  virtual void describe_to(Fields& fields) = 0;
  /// Of the struct itself.
  virtual const std::type_info& type() const = 0;
};

template <class T>
class OptionsOf final : public Options {
 public:
  void describe_to(Fields& fields) override { describe(fields, value); }
  const std::type_info& type() const override { return typeid(T); }
  T value{};
};

/// A thing a config may choose by name.
struct Component {
  std::string name;
  std::string help;
  std::shared_ptr<Options> (*make)();
};
using Components = std::vector<Component>;

struct NoOptions {};
inline void describe(Fields&, NoOptions&) {}

template <class T = NoOptions>
Component component(std::string name, std::string help) {
  return {std::move(name), std::move(help),
          []() -> std::shared_ptr<Options> { return std::make_shared<OptionsOf<T>>(); }};
}

/// The chosen component: `{name: resnet, depth: 18}` or, with all defaults, just `resnet`.
struct Choice {
  std::string name;
  std::shared_ptr<Options> options;

  bool empty() const { return name.empty(); }
  /// The options as their type: that of the component's row, as reading makes them and `validate` demands.
  template <class T>
  const T& as() const {
    return dynamic_cast<const OptionsOf<T>&>(*options).value;
  }
};

/// A choice with its defaults, for use from code.
template <class T = NoOptions>
Choice choose(std::string name, T options = {}) {
  auto boxed = std::make_shared<OptionsOf<T>>();
  boxed->value = std::move(options);
  return {std::move(name), std::move(boxed)};
}

/// The names of a table's rows, for `Limits::one_of` and messages.
std::vector<std::string> names_of(const Components& components);

/// Error (usage): `name` stands in the table already, or is no identifier (letters, digits and `_`, no digit
/// first), as configs and parameter names need it.
void check_new_name(const Components& table, const std::string& name);

/// The rows of two tables as one, in that order. Error (usage): a name stands in both.
Components joined(const Components& first, const Components& second);

/// A room's visible table: each row a component and the function that builds it. Code outside the library
/// adds its own from its main, before it reads a config that names them:
///
///   backbones::image_encoders().add(config::component<MyOptions>("mine", "what it is"), build_mine);
///
/// All that is made from tables (reading, validation, `describe`, schema, reference) sees them from then on.
/// Not from several threads, nor while another one reads.
template <class Build>
class Catalogue {
 public:
  struct Row {
    Component component;
    Build build;
  };
  Catalogue(std::initializer_list<Row> rows) {
    for (const Row& row : rows) add(row.component, row.build);
  }
  // A row that is added to a copy would be lost.
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  /// Error (usage) as of `check_new_name`.
  void add(Component component, Build build) {
    check_new_name(components_, component.name);
    components_.push_back(std::move(component));
    builds_.push_back(std::move(build));
  }
  /// The same vector at every call, for as long as the table lives.
  const Components& components() const { return components_; }
  /// Null where there is no such row; valid whatever is added.
  const Build* find(const std::string& name) const {
    for (size_t row = 0; row < components_.size(); ++row)
      if (components_[row].name == name) return &builds_[row];
    return nullptr;
  }

 private:
  Components components_;
  std::deque<Build> builds_;  ///< of the components, whose places do not move
};

}  // namespace photo51::config
