#pragma once
/// The synthetic cases of a self-test. A byte stands for (byte - 128) / 32, and large images are kept in a
/// coarser grid whose cells are repeated: what the network gets takes little room, and is the same to the
/// last bit wherever it is made.

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::inference {

using InputInfos = std::map<std::string, data::InputInfo>;

struct TestInput {
  at::Tensor cells;                 ///< uint8: [C, d, h, w], [C, h, w] or [f]; a bag [N, C, ...]
  at::Tensor channel_present = {};  ///< bool: [C] of images, [views] of bags
  at::Tensor view = {};             ///< int64: [N] of bags
};

struct TestCases {
  std::map<std::string, std::vector<int64_t>> sizes;    ///< by input, as the network gets it: [D,] H, W or F
  std::vector<std::map<std::string, TestInput>> cases;  ///< by input, where the case has it
};

/// Two cases with everything, of which one lacks a channel of each image, and of a model of several inputs
/// two with every other one. Noise of deviation 1 and a brighter block; the same for the same `inputs`.
TestCases draw_cases(const InputInfos& inputs);
/// Of one case. Tables have the width of `member`, which may be less than what is kept.
data::Batch batch_of(const TestCases& cases, size_t which, const InputInfos& member);

/// Into the tensors of a file, and back. Error (data) that names what is missing or does not fit `inputs`.
void add_cases(const TestCases& cases, nn::Tensors& tensors);
TestCases cases_from(const nn::Tensors& tensors, const InputInfos& inputs);

/// What helps against a self-test that is broken or of another model.
inline constexpr const char* self_test_remedy =
    "; get the model again, or remove the file and write it anew with `photo51 doctor --model MODEL --write`";

}  // namespace photo51::inference
