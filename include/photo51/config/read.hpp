#pragma once
/// From a document to option structs and back.

#include "photo51/config/fields.hpp"
#include "photo51/config/node.hpp"

namespace photo51::config {

/// Fills what `section` describes from `node`. Error (usage) with file:line, the dotted name of the key, what
/// was expected, and the nearest valid name: unknown key, wrong type, out of range, unknown component,
/// missing; in a whole config also a name of an earlier version (config/migrate.hpp).
void read_section(const Node& node, const Section& section);
/// The values that `section` has now, defaults included.
Node dump_section(const Section& section);

/// By which keys the maps of such a document choose components, for `load_document`, `merge`, overrides and
/// `migrate`.
ChoiceKeys choice_keys(const Section& section);

template <class T>
void read(const Node& node, T& options) {
  read_section(node, Section{[&options](Fields& f) { describe(f, options); }, {}, {}});
}
template <class T>
Node dump(T& options) {
  return dump_section(Section{[&options](Fields& f) { describe(f, options); }, {}, {}});
}
template <class T>
ChoiceKeys choice_keys() {
  T options;
  return choice_keys(Section{[&options](Fields& f) { describe(f, options); }, {}, {}});
}
/// A component by name with all its defaults. Error (usage) for an unknown name.
Choice default_choice(const Components& components, const std::string& name);

}  // namespace photo51::config
