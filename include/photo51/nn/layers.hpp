#pragma once
/// All layers, for 1, 2 and 3 dimensions alike. Parameter names and layouts are torch.nn's, so that weights
/// pass both ways; every layer reports itself to a Capture (nn/capture.hpp).

#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/group_norm.hpp"
#include "photo51/nn/layers/instance_norm.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/self_attention.hpp"
