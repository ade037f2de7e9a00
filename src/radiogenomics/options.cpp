#include "photo51/radiogenomics/options.hpp"

namespace photo51::radiogenomics {

void describe(config::Fields& f, SnnOptions& o) {
  f("hidden", o.hidden, "features of each layer; the last are the embedding", {.min = 1});
  f("dropout", o.dropout, "alpha dropout after each layer in training", {.min = 0, .max = 1});
  f("noise", o.noise, "deviation of Gaussian noise on the features (z-scores) in training", {.min = 0});
  f.check(!o.hidden.empty(), "hidden", "needs at least one layer");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

void describe(config::Fields& f, LinearOptions& o) {
  f("width", o.width, "features of the embedding", {.min = 1, .required = true});
  f("dropout", o.dropout, "dropout of the embedding in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

void describe(config::Fields& f, IdentityOptions& o) {
  f("dropout", o.dropout, "dropout of the features in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

}  // namespace photo51::radiogenomics
