#include "photo51/fusion/options.hpp"

namespace photo51::fusion {

void describe(config::Fields& f, ConcatOptions& o) {
  f("width", o.width, "features that each input is projected to; 0 = as the encoder yields them", {.min = 0});
  f("absent", o.absent, "what stands for an absent input", {.one_of = {"learned", "zero"}});
  f("presence", o.presence, "append which inputs are present (0/1)");
}

void describe(config::Fields& f, GatedOptions& o) {
  f("width", o.width, "features of each input's projection and of the fused embedding", {.min = 1});
  f("dropout", o.dropout, "dropout of the projections in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

}  // namespace photo51::fusion
