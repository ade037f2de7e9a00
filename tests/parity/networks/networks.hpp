#pragma once
/// Each network beside its peer: the peer's weights load unchanged and give its output and gradients, and
/// ours load into the peer. test_NAME.cpp has the rows of one or more families, each a test of its own, and
/// NAME.py the peers' half of them.

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "parity/networks/compared.hpp"
#include "parity/peer.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {

struct NetworkRow {
  std::string name;     ///< as in NAME.py
  std::string encoder;  ///< a row of `image_encoders`
  std::string library;  ///< of one of the network's dialects
  InputShape shape;     ///< of what our weights are tried on
  std::function<std::shared_ptr<Backbone>(const InputShape&, int64_t classes)> make;

  friend void PrintTo(const NetworkRow& row, std::ostream* out) { *out << row.name; }
};

template <class Options, class Make>
NetworkRow row(const std::string& name, const std::string& library, const InputShape& shape, Make make,
               const Options& options) {
  return {name, encoder_of<Options>(), library, shape,
          [=](const InputShape& of, int64_t classes) { return make(options, of, classes); }};
}

/// Of the `names` of an enum the one called `name`.
template <class Enum>
Enum named(std::string_view name) {
  for (size_t i = 0; i < enum_names(Enum{}).size(); ++i)
    if (enum_names(Enum{})[i] == name) return static_cast<Enum>(i);
  ADD_FAILURE() << "there is no " << name;
  return {};
}

inline const InputShape kPicture{.channels = 3, .dims = 2, .size = {32, 32}};
inline const InputShape kVolume{.channels = 2, .dims = 3, .size = {16, 32, 32}};
inline const InputShape kCube{.channels = 2, .dims = 3, .size = {32, 32, 32}};

/// The rows of all families, with which each registers itself.
std::vector<NetworkRow>& network_rows();
std::vector<NetworkRow> registered(std::vector<NetworkRow> rows);

class Networks : public test::PeerSuite<Networks, testing::TestWithParam<NetworkRow>> {
 public:
  static constexpr const char* kScript = "peer_networks.py";

 protected:
  testing::AssertionResult ask(const std::string& command) const {
    return peer_->ask({command, GetParam().name, folder_.path().string()});
  }
  nn::Tensors read(const std::string& name) const { return nn::read_safetensors(folder_ / name).tensors; }

  test::TemporaryFolder folder_;
};

}  // namespace photo51::backbones

/// Makes parity.Networks.FAMILY of the rows.
#define PHOTO51_NETWORK_FAMILY(family, rows)                                        \
  INSTANTIATE_TEST_SUITE_P(family, Networks, ::testing::ValuesIn(registered(rows)), \
                           [](const auto& instance) { return instance.param.name; })
