#include <utility>

#include "parity/networks/networks.hpp"
#include "photo51/backbones/hybrid/coatnet.hpp"
#include "photo51/backbones/hybrid/maxvit.hpp"

namespace photo51::backbones {
namespace {

/// Every published code path at small sizes: the smallest published network takes seconds.
template <class Options>
Options hybrid(const std::string& variant, std::vector<int64_t> stem_width = {16, 32}) {
  Options options;
  options.variant = variant;
  options.sizes.embed_dim = {32, 64, 96, 128};
  options.sizes.depths = {1, 1, 2, 1};
  options.sizes.stem_width = std::move(stem_width);
  return options;
}
const InputShape kHybridSquare{.channels = 3, .dims = 2, .size = {64, 64}};
const InputShape kHybridPicture{.channels = 3, .dims = 2, .size = {64, 96}};

NetworkRow coatnet_row_of(const std::string& variant) {
  return row("timm_coatnet_" + variant, "timm", kHybridPicture, make_coatnet,
             hybrid<CoAtNetOptions>(variant));
}
NetworkRow maxvit_row_of(const std::string& variant) {
  return row("timm_maxvit_" + variant, "timm", kHybridPicture, make_maxvit, hybrid<MaxVitOptions>(variant));
}

const std::vector<NetworkRow> kHybrid{row("torchvision_maxvit", "torchvision", kHybridSquare, make_maxvit,
                                          hybrid<MaxVitOptions>("t", {32, 32})),
                                      maxvit_row_of("tiny_tf"),
                                      maxvit_row_of("tiny_rw"),
                                      maxvit_row_of("rmlp_small_rw"),
                                      maxvit_row_of("rmlp_base_rw"),
                                      coatnet_row_of("0"),
                                      coatnet_row_of("0_rw"),
                                      coatnet_row_of("2_rw"),
                                      coatnet_row_of("nano_rw"),
                                      coatnet_row_of("bn_0_rw"),
                                      coatnet_row_of("rmlp_1_rw"),
                                      coatnet_row_of("rmlp_2_rw")};

PHOTO51_NETWORK_FAMILY(Hybrid, kHybrid);

}  // namespace
}  // namespace photo51::backbones
