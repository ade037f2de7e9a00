#pragma once
/// What limits say of a value, from a document or from code, as the rest of a message; empty where it holds.

#include <span>
#include <string>
#include <string_view>

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
/// The name of an enum's value; empty where it has none.
std::string word_of(std::span<const std::string_view> names, size_t value);

}  // namespace photo51::config
