#include "photo51/nn/layers/attention_options.hpp"

#include <array>

namespace photo51::nn {

std::span<const std::string_view> enum_names(QkvBias) {
  static constexpr std::array<std::string_view, 3> names{"all", "query_value", "none"};
  return names;
}

std::span<const std::string_view> enum_names(RotaryKind) {
  static constexpr std::array<std::string_view, 2> names{"axial", "dinov3"};
  return names;
}

std::span<const std::string_view> enum_names(RotaryDtype) {
  static constexpr std::array<std::string_view, 2> names{"float32", "bfloat16"};
  return names;
}

}  // namespace photo51::nn
