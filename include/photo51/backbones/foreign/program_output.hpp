#pragma once
/// Which outputs of another library's program are features, and how they lie.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// What a program returns is flattened: one tensor is called `0`; those of a tuple or list go by their number
/// from 0, those of a dictionary by their key, and what lies deeper by both (`1.0`). Whatever is no floating
/// tensor is passed over. A map [B, C, ([D,] H, W)] is a stage, and so are a vector [B, C], of one place, and
/// tokens [B, N, C], whose places are a grid with x fastest.
struct ProgramOutputOptions {
  std::vector<std::string> output{};  ///< those that are stages, finest first; empty: all
  bool channels_last = false;         ///< maps are [B, ([D,] H, W), C]
  int64_t prefix_tokens = 0;          ///< of tokens: how many, at the beginning, are of the whole image
  std::vector<int64_t> grid{};        ///< of tokens: [D,] H, W; empty: equal edges in voxels
};
/// For the `describe` of an encoder that runs a program.
void describe_output(config::Fields& f, ProgramOutputOptions& o);

}  // namespace photo51::backbones
