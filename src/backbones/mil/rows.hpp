#pragma once
/// The rows of the table of bag pools, each defined in the file of its name.

#include "photo51/backbones/mil/bag_pools.hpp"

namespace photo51::backbones {

BagPoolRow mean_row();
BagPoolRow max_row();
BagPoolRow mi_net_row();
BagPoolRow abmil_row();
BagPoolRow gated_abmil_row();
BagPoolRow clam_sb_row();
BagPoolRow clam_mb_row();
BagPoolRow dsmil_row();
BagPoolRow transmil_row();
BagPoolRow dtfd_row();
BagPoolRow transformer_row();
BagPoolRow none_row();

}  // namespace photo51::backbones
