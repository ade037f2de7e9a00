#pragma once
/// Options that code filled are held to what a config is held to.

#include <string>

#include "photo51/config/fields.hpp"

namespace photo51::config {

/// Error (usage) with the dotted name of the field. `what` is where the section stands in a config, such as
/// `train`; empty = it is a whole config. Errors: a value out of its range, not finite or not among its
/// names; a required text, path or choice that is empty; a name twice in a map; a component that its table
/// does not have, or with the options of another; a condition between fields that does not hold.
void validate_section(const Section& section, const std::string& what);

template <class T>
void validate(const T& options, const std::string& what) {
  T copy = options;  // a description may write to what it describes
  validate_section(Section{[&copy](Fields& f) { describe(f, copy); }, {}, {}}, what);
}

}  // namespace photo51::config
