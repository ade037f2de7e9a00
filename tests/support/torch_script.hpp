#pragma once
/// TorchScript files, written without Python.

#include <torch/csrc/jit/api/module.h>

#include <filesystem>
#include <map>
#include <string>

namespace photo51::test {

struct ScriptTensors {
  std::map<std::string, at::Tensor> parameters{}, buffers{};
};

/// A module of such tensors, of which the parameters train, and methods ("def forward(self, x): ...").
inline torch::jit::Module script_module(const std::string& code, const ScriptTensors& tensors = {}) {
  torch::jit::Module module("Tested");
  module.register_attribute("training", c10::BoolType::get(), true);
  for (const auto& [name, values] : tensors.parameters)
    module.register_parameter(name, values.detach().requires_grad_(), false);
  for (const auto& [name, values] : tensors.buffers) module.register_parameter(name, values, true);
  module.define(code);
  return module;
}

inline std::filesystem::path write_script(const std::filesystem::path& file, const std::string& code,
                                          const ScriptTensors& tensors = {}) {
  script_module(code, tensors).save(file.string());
  return file;
}

}  // namespace photo51::test
