#pragma once
/// Configs that a program of an earlier version wrote, as today's components read them.

#include "photo51/config/fields.hpp"
#include "photo51/config/node.hpp"

namespace photo51::config {

/// Where a key other than `name` chooses (`modality`, `task`), a resolved config of an earlier version names
/// the keys of all components of the table, with values that meant nothing there: takes away those that the
/// chosen one has not. What no component has stays.
void drop_keys_of_others(Node& document, const Section& section);

template <class T>
void drop_keys_of_others(Node& document) {
  T options;
  drop_keys_of_others(document, Section{[&options](Fields& f) { describe(f, options); }, {}, {}});
}

}  // namespace photo51::config
