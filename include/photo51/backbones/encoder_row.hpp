#pragma once
/// A row of the table of encoders, without their modules.

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/input_shape.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

class Backbone;
class Encoder;

/// What another library sets by default where this one has another default, as `key=value`: MONAI's ResNets
/// have a bias in their shortcuts.
struct LibraryDefaults {
  std::string library;
  std::vector<std::string> settings;
};

/// How an encoder is built, and the network in it.
class BuildEncoder {
 public:
  using Encode = std::shared_ptr<Encoder> (*)(const config::Choice& choice, const InputShape& shape);
  using Network = std::shared_ptr<Backbone> (*)(const config::Choice& choice, const InputShape& shape,
                                                int64_t classes);
  template <std::convertible_to<Encode> Function>
  BuildEncoder(Function encode, Network network_ = nullptr, std::vector<LibraryDefaults> libraries_ = {})
      : network(network_), libraries(std::move(libraries_)), encode_(encode) {}

  std::shared_ptr<Encoder> operator()(const config::Choice& choice, const InputShape& shape) const {
    return encode_(choice, shape);
  }
  Network network;  ///< with that many classes; null: the encoder is more than a network
  std::vector<LibraryDefaults> libraries;

 private:
  Encode encode_;
};
using EncoderRow = config::Catalogue<BuildEncoder>::Row;

}  // namespace photo51::backbones
