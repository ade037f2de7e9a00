#pragma once
/// What goes through the layers of a network in a pass, and the gradients that come back. LibTorch's C++
/// modules have no hooks, so layers (nn/layers) and the blocks made of them report themselves:
///
///   nn::Capture capture(model, {.filter = [](const std::string& path) { return path.ends_with("layer4");
///   }}); model.forward(batch).logits.at("idh").sum().backward();
///   capture.activations("encoders.mri.backbone.layer4")[0];  // [B, C, ...]
///   capture.gradients("encoders.mri.backbone.layer4")[0];    // of that sum, of the same shape

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace photo51::nn {

struct CaptureOptions {
  /// Which modules are recorded, by their path below the root as in its state dict; empty: all that report.
  std::function<bool(const std::string& path)> filter{};
  bool inputs = false;  ///< keep what goes in as well
};

/// Records the passes of this thread while it lives. Several may live at once, one inside the other; each
/// records what its own root and filter say. Values are copies: a layer's output may be changed in place
/// afterwards, as ReLUs do.
class Capture {
 public:
  /// `root` must live as long.
  explicit Capture(const torch::nn::Module& root, CaptureOptions options = {});
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Of the modules that have reported something, in alphabetic order.
  std::vector<std::string> paths() const;
  /// Without gradient, one for each time the module ran, in that order. Errors (usage): nothing was recorded
  /// of this path, which may lie in a module that shows nothing (nn/opaque.hpp); inputs were not asked for.
  std::vector<at::Tensor> activations(const std::string& path) const;
  std::vector<at::Tensor> inputs(const std::string& path) const;
  /// Of the last backward pass with respect to each activation, as it was before changes in place; undefined
  /// where none has come. For a module that hands its input through (dropout in evaluation) they are those of
  /// the input, other uses of it included. They are recorded while the Capture lives. Error (usage): nothing
  /// was recorded of this path.
  std::vector<at::Tensor> gradients(const std::string& path) const;

 private:
  friend void report(const torch::nn::Module& module, const at::Tensor& input, const at::Tensor& output);
  friend bool is_captured(const torch::nn::Module& module);
  struct Pass {
    at::Tensor input, output, gradient;
  };
  struct Record {
    std::string path;
    std::vector<std::shared_ptr<Pass>> passes;
  };
  void add(const torch::nn::Module& module, const at::Tensor& input, const at::Tensor& output);
  const Record& record(const std::string& path) const;

  CaptureOptions options_;
  std::map<const torch::nn::Module*, Record> records_;
  std::map<std::string, std::string> opaque_;  ///< why nothing is seen of a path and below
  Capture* outer_;
};

/// Every layer calls it with what it was given and what it made. One branch while no Capture lives on this
/// thread.
void report(const torch::nn::Module& module, const at::Tensor& input, const at::Tensor& output);
/// Whether a Capture of this thread records the module: what a fused operator never holds is then computed
/// step by step.
bool is_captured(const torch::nn::Module& module);
/// Whether any Capture lives on this thread.
bool is_capturing();

}  // namespace photo51::nn
