#pragma once
/// A TorchScript module (torch.jit.script or torch.jit.trace, saved by torch.jit.save) as an encoder of
/// images. Its weights train as ours do, under the names that they have in it. Its code is run by LibTorch's
/// interpreter step by step, without the optimisations that it makes after its first passes, so that a
/// program says the same from the first pass on.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/foreign/program_output.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct TorchScriptOptions {
  std::filesystem::path file;
  std::string method = "forward";  ///< takes images [B, C, ([D,] H, W)], float32
  ProgramOutputOptions output;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, TorchScriptOptions& o);

/// Runs the program once, on two images of the input's size, to see its outputs. Errors: (usage) `classes`
/// above 0, `file` is not given, there is no such method or output, outputs that are no stages; (data) with
/// the file: it is no TorchScript file, its code names what reads or writes files or is not LibTorch's, a
/// weight of another type than float32 or not finite, a method that replaces a tensor of its module, a
/// program that fails on such images.
std::shared_ptr<Backbone> make_torch_script(const TorchScriptOptions& options, const InputShape& shape,
                                            int64_t classes = 0);
EncoderRow torch_script_row();

}  // namespace photo51::backbones
