#pragma once
/// The normalisations of feature maps that an architecture's `norm` may name.

#include <cstdint>
#include <memory>
#include <string>

#include "photo51/config/fields.hpp"

namespace photo51::nn {

class Norm;

using BuildNorm = std::shared_ptr<Norm> (*)(int64_t channels, double epsilon);
/// batch, instance, group, layer.
config::Catalogue<BuildNorm>& norms();
/// Error (usage): there is no such normalisation.
std::shared_ptr<Norm> make_norm(const std::string& name, int64_t channels, double epsilon = 1e-5);

}  // namespace photo51::nn
