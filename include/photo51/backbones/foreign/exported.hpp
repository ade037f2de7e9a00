#pragma once
/// A program of torch.export (torch.export.save, `.pt2`) as an encoder of images. It only computes: its
/// weights do not train, no gradient goes through it, and it runs on the CPU wherever the model is.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/foreign/program_output.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct ExportedOptions {
  std::filesystem::path file;
  ProgramOutputOptions output;
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, ExportedOptions& o);

/// Runs the program once, on two images of the input's size, to see its outputs. Errors: (usage) `classes`
/// above 0, `weights` are given, `file` is not, there is no such output, outputs that are no stages; (data)
/// with the file: it is none of torch.export, it holds native code or several programs, uses operators that
/// are not LibTorch's of tensors, has weights of another device or beyond their records, takes a fixed number
/// of images or other sizes, fails on such images.
std::shared_ptr<Backbone> make_exported(const ExportedOptions& options, const InputShape& shape,
                                        int64_t classes = 0);
EncoderRow exported_row();

}  // namespace photo51::backbones
