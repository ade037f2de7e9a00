#pragma once
/// What limits say of a value, from a document or from code, as the rest of a message; empty where it holds.

#include <string>

#include "photo51/config/fields.hpp"

namespace photo51::config {

/// "train.lr" of "train" and "lr".
std::string dotted(const std::string& prefix, const std::string& name);
/// Of a number: smallest and largest.
std::string range_problem(const Limits& limits, double value);
/// Of text and names.
std::string word_problem(const Limits& limits, const std::string& text);
/// Of a name where these are the components; "" for the name of one.
std::string component_problem(const Components& components, const std::string& name);
/// The name of the enum's value; empty where it has none.
std::string word_of(const EnumField& field);

}  // namespace photo51::config
