#include "photo51/fusion/options.hpp"

#include <array>

namespace photo51::fusion {

std::span<const std::string_view> enum_names(AbsentInput) {
  static constexpr std::array<std::string_view, 2> names{"learned", "zero"};
  return names;
}

void describe(config::Fields& f, ConcatOptions& o) {
  f("width", o.width, "features that each input is projected to; 0 = as the encoder yields them", {.min = 0});
  f("absent", o.absent, "what stands for an absent input");
  f("presence", o.presence, "append which inputs are present (0/1)");
}

void describe(config::Fields& f, GatedOptions& o) {
  f("width", o.width, "features of each input's projection and of the fused embedding", {.min = 1});
  f("dropout", o.dropout, "dropout of the projections in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

}  // namespace photo51::fusion
