#pragma once
/// Options of a fixed set of names are enums, whose names stand in one place:
///
///   enum class Precision { fp32, bf16 };
///   std::span<const std::string_view> enum_names(Precision);  // {"fp32", "bf16"}: of 0, 1, ...

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace photo51::config {

/// An enum whose values count from 0, and whose names, in their order, `enum_names` says. It is found by
/// argument-dependent lookup, so it stands in the enum's namespace.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
  { enum_names(value) } -> std::convertible_to<std::span<const std::string_view>>;
};

/// As a config writes it. `value` is one of the enum's.
template <NamedEnum E>
std::string name_of(E value) {
  const std::span<const std::string_view> names = enum_names(value);
  return std::string(names[static_cast<size_t>(value)]);
}

/// All of an enum's values, in their order.
template <NamedEnum E>
std::vector<E> values_of() {
  const std::span<const std::string_view> names = enum_names(E{});
  std::vector<E> values;
  for (size_t place = 0; place < names.size(); ++place) values.push_back(static_cast<E>(place));
  return values;
}

}  // namespace photo51::config
