#include "photo51/backbones/foreign/torch_script.hpp"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/nn/module.h>

#include <map>
#include <tuple>
#include <utility>

#include "backbones/foreign/program_network.hpp"
#include "nn/programs/archive.hpp"
#include "nn/programs/load_script.hpp"
#include "nn/programs/torch_script_code.hpp"
#include "nn/weights/finite.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/weights/made_for.hpp"

namespace photo51::backbones {
namespace {

using Script = torch::jit::Module;

/// A tensor that the method replaces in its module would be lost to the weights that a run keeps.
void require_kept_tensors(const torch::jit::Block& block) {
  for (const torch::jit::Node* node : block.nodes()) {
    if (node->kind() == c10::prim::SetAttr && node->input(1)->type()->isSubtypeOf(*c10::TensorType::get()))
      core::fail_data("its code replaces the tensor `" + node->s(c10::attr::name) +
                      "` of its module; let it change the tensor in place");
    for (const torch::jit::Block* inner : node->blocks()) require_kept_tensors(*inner);
  }
}

class TorchScriptNetwork final : public ProgramNetwork {
 public:
  TorchScriptNetwork(const TorchScriptOptions& options, const InputShape& shape)
      : ProgramNetwork(options.file, "TorchScript module", options.output), method_(options.method) {
    core::with_context(options.file.string(), [&] {
      const nn::Archive archive(bytes());
      archive.require(nn::ArchiveKind::torch_script);
      nn::require_confined(archive);
      const std::string made_for = std::string("extra/") + nn::preprocessing_key;
      if (archive.has(made_for)) metadata_[nn::preprocessing_key] = archive.read(made_for);
      script_ = nn::load_script(bytes(), device_);
      adopt(*this, script_, "");
      link();
      nn::require_finite(nn::state_of(*this));
      check_method();
    });
    try_out(shape);
  }

  std::vector<nn::Dialect> dialects() const override { return {{.library = "TorchScript"}}; }

  std::optional<nn::Pretrained> pretrained() const override {
    return nn::Pretrained{
        .file = file().filename().string(), .library = "TorchScript", .metadata = metadata_};
  }

  void train(bool on) override {
    ProgramNetwork::train(on);
    script_.train(on);
  }

  void to(at::Device device, bool non_blocking) override {
    ProgramNetwork::to(device, non_blocking);
    move_constants(device);
  }
  void to(at::Device device, at::ScalarType type, bool non_blocking) override {
    ProgramNetwork::to(device, type, non_blocking);
    move_constants(device);
  }
  void to(at::ScalarType type, bool non_blocking) override { ProgramNetwork::to(type, non_blocking); }

 protected:
  std::vector<ProgramOutput> run(const at::Tensor& image) override {
    const torch::jit::GraphOptimizerEnabledGuard as_written(false);
    return outputs_of(script_.get_method(method_)({image}));
  }

 private:
  /// Registers the script's tensors as ours, each once: theirs and ours are one. A second name of the same
  /// memory becomes a second name of the same tensor.
  void adopt(torch::nn::Module& ours, const Script& theirs, const std::string& path) {
    const auto take = [&](const auto& named, bool parameter) {
      for (const auto& entry : named) {
        const at::Tensor tensor = entry.value;
        if (!tensor.defined()) continue;
        const std::string name = path + entry.name;
        if (tensor.is_floating_point() && tensor.scalar_type() != at::kFloat)
          core::fail_data("`" + name + "` is " + c10::toString(tensor.scalar_type()) +
                          ", and images are Float; save the module after module.float()");
        const auto [first, is_new] = adopted_.try_emplace(
            {tensor.const_data_ptr(), tensor.sizes().vec(), tensor.strides().vec()}, tensor);
        tensors_.emplace_back(name, first->second);
        if (is_new && parameter) ours.register_parameter(entry.name, tensor, tensor.requires_grad());
        if (is_new && !parameter) ours.register_buffer(entry.name, tensor);
      }
    };
    take(theirs.named_parameters(/*recurse=*/false), true);
    take(theirs.named_buffers(/*recurse=*/false), false);
    for (const auto& child : theirs.named_children())
      adopt(*ours.register_module(child.name, std::make_shared<torch::nn::Module>()), child.value,
            path + child.name + ".");
  }

  /// Makes the script's tensors those that were registered.
  void link() {
    for (const auto& [name, tensor] : tensors_) {
      const auto parts = core::split(name, '.');
      Script at = script_;
      for (size_t i = 0; i + 1 < parts.size(); ++i) at = at.attr(parts[i]).toModule();
      at.setattr(parts.back(), tensor);
    }
  }

  void check_method() {
    const auto method = script_.find_method(method_);
    if (!method) {
      std::vector<std::string> names;
      for (const auto& one : script_.get_methods()) names.push_back(one.name());
      core::fail_usage("`method`: the module has no method `" + method_ + "`" +
                       core::suggest(method_, names) + "; it has " + core::join(names, ", "));
    }
    const auto whole = method->graph()->copy();
    torch::jit::Inline(*whole);
    require_kept_tensors(*whole->block());
  }

  /// Tensors in the code, which are neither parameters nor buffers, go to a device only by loading it there.
  void move_constants(const at::Device& device) {
    if (device == device_) return;
    core::with_context(file().string(), [&] { script_ = nn::load_script(read_again(), device); });
    link();
    script_.train(is_training());
    device_ = device;
  }

  using Memory = std::tuple<const void*, std::vector<int64_t>, std::vector<int64_t>>;
  std::string method_;
  Script script_;
  at::Device device_ = at::kCPU;
  nn::Metadata metadata_;
  std::vector<std::pair<std::string, at::Tensor>> tensors_;  ///< by all of their names
  std::map<Memory, at::Tensor> adopted_;
};

}  // namespace

void describe(config::Fields& f, TorchScriptOptions& o) {
  f("file", o.file, "a module that torch.jit.save has written; it goes with the run", {.required = true});
  f("method", o.method, "the method that takes images, such as forward_features");
  describe_output(f, o.output);
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none, TokenPool::class_token});
  f.check(!o.method.empty(), "method", "is empty; it takes the name of a method");
}

std::shared_ptr<Backbone> make_torch_script(const TorchScriptOptions& options, const InputShape& shape,
                                            int64_t classes) {
  if (classes > 0)
    core::fail_usage("a TorchScript module is built without a classifier; take its outputs as they are");
  return std::make_shared<TorchScriptNetwork>(options, shape);
}

EncoderRow torch_script_row() {
  auto row = image_encoder_row<TorchScriptOptions, make_torch_script>(
      "torchscript", "a module of TorchScript, with its code and weights in a file, 2D or 3D");
  row.build.program = program_file<TorchScriptOptions>;
  return row;
}

}  // namespace photo51::backbones
