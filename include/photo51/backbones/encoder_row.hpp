#pragma once
/// A row of the table of encoders, without their modules.

#include <concepts>
#include <cstdint>
#include <filesystem>
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

/// What there is to say of an architecture beside its options.
struct EncoderFacts {
  std::string source{};  ///< where it was published: "He et al. 2016, arXiv 1512.03385"; empty: nowhere
  /// Libraries whose implementation ours is compared with: weights both ways, output and gradients. A test
  /// holds this against the comparisons that there are (tests/parity).
  std::vector<std::string> parity{};
  std::vector<LibraryDefaults> defaults{};
};

/// How an encoder is built, and the network in it.
class BuildEncoder {
 public:
  using Encode = std::shared_ptr<Encoder> (*)(const config::Choice& choice, const InputShape& shape);
  using Network = std::shared_ptr<Backbone> (*)(const config::Choice& choice, const InputShape& shape,
                                                int64_t classes);
  /// The option that names the file whose program the encoder runs, so that it goes with a run.
  using ProgramFile = std::filesystem::path* (*)(config::Choice& choice);
  template <std::convertible_to<Encode> Function>
  BuildEncoder(Function encode, Network network_ = nullptr, EncoderFacts facts_ = {})
      : network(network_), facts(std::move(facts_)), encode_(encode) {}

  std::shared_ptr<Encoder> operator()(const config::Choice& choice, const InputShape& shape) const {
    return encode_(choice, shape);
  }
  Network network;                ///< with that many classes; null: the encoder is more than a network
  ProgramFile program = nullptr;  ///< null: the encoder runs no file
  EncoderFacts facts;

 private:
  Encode encode_;
};
/// Of options with a path `file`.
template <class Options>
std::filesystem::path* program_file(config::Choice& choice) {
  return &dynamic_cast<config::OptionsOf<Options>&>(*choice.options).value.file;
}
using EncoderRow = config::Catalogue<BuildEncoder>::Row;

}  // namespace photo51::backbones
