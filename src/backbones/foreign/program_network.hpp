#pragma once
/// What all networks have in common that run a program of another library.

#include <ATen/core/ivalue.h>
#include <torch/nn/module.h>

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/foreign/program_output.hpp"
#include "photo51/backbones/input_shape.hpp"
#include "photo51/nn/opaque.hpp"

namespace photo51::backbones {

/// The tensors in what a program returned, see ProgramOutputOptions.
struct ProgramOutput {
  std::string name;
  at::Tensor values;
};
std::vector<ProgramOutput> outputs_of(const c10::IValue& returned);

/// Stages, and a prefix from tokens of the last. `image` is [B, C, ([D,] H, W)]. Errors (usage) that name the
/// option: there is no such output, or none that can be a stage, or they are not finest first.
Features features_of(const std::vector<ProgramOutput>& outputs, const ProgramOutputOptions& options,
                     at::IntArrayRef image);

class ProgramNetwork : public Backbone, public nn::Opaque {
 public:
  /// Errors (data) with the file: the program fails on the image; its output has another shape than at first.
  Features features(const at::Tensor& image) final;
  std::vector<int64_t> widths() const final { return widths_; }
  int64_t prefix_tokens() const final { return prefix_tokens_; }
  std::string program() const final { return hash_; }
  std::string why_opaque() const final;

 protected:
  /// Reads the file. Error (data) when it cannot be read.
  ProgramNetwork(std::filesystem::path file, const char* kind, const ProgramOutputOptions& output);
  const std::filesystem::path& file() const { return file_; }
  /// The content, until `try_out`.
  const std::string& bytes() const { return bytes_; }
  /// The content again. Error (data): it is not what it was.
  std::string read_again() const;
  /// Runs the program on images of zeros, in evaluation, and remembers the widths. Error (data) that says
  /// with how many channels it runs, if with others.
  void try_out(const InputShape& shape);
  virtual std::vector<ProgramOutput> run(const at::Tensor& image) = 0;

 private:
  Features run_on(const at::Tensor& image);

  std::filesystem::path file_;
  const char* kind_;
  ProgramOutputOptions output_;
  std::string bytes_, hash_;
  std::vector<int64_t> widths_;
  int64_t prefix_tokens_ = 0;
};

}  // namespace photo51::backbones
