#pragma once
/// Which image encoders are compared with which libraries, and what their rows say of it.

#include <map>
#include <set>
#include <string>
#include <typeinfo>

#include "photo51/backbones/catalogue.hpp"

namespace photo51::backbones {

/// By the encoder's name.
using Compared = std::map<std::string, std::set<std::string>>;

/// The name of the encoder with these options, "resnet" of ResNetOptions; empty where there is none.
template <class Options>
std::string encoder_of() {
  for (const auto& component : image_encoders().components())
    if (component.make()->type() == typeid(Options)) return component.name;
  return {};
}

/// Into `all`; of a dialect such as "MONAI SEResNet" its library, and nothing where that is none that runs
/// beside the tests: its files' names alone are tried, by another library's network.
inline void add_comparison(Compared& all, const std::string& encoder, const std::string& dialect) {
  const std::string library = dialect.substr(0, dialect.find(' '));
  if (library == "torchvision" || library == "timm" || library == "MONAI") all[encoder].insert(library);
}

/// What `photo51 describe backbones` says.
inline Compared said_to_be_compared() {
  Compared all;
  for (const auto& component : image_encoders().components())
    for (const auto& library : image_encoders().find(component.name)->facts.parity)
      all[component.name].insert(library);
  return all;
}

}  // namespace photo51::backbones
