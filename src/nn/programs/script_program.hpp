#pragma once
/// A TorchScript module that computes as it was saved, on the CPU, and never trains.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>

namespace photo51::nn {

class ScriptProgram {
 public:
  /// Errors that begin with the file: (data) it is missing, no TorchScript module, or its code is refused
  /// (torch_script_code.hpp); (usage) it has no such method.
  explicit ScriptProgram(std::filesystem::path file, std::string method = "forward");
  ~ScriptProgram();
  ScriptProgram(const ScriptProgram&) = delete;
  ScriptProgram& operator=(const ScriptProgram&) = delete;

  /// What the method gives of one tensor, in float32: a tensor, or the first of a tuple or list. Threads take
  /// turns, so that the memory of one pass suffices. Errors, to which the caller adds the file: (data) the
  /// program fails, with its reason; (usage) what it gives is neither.
  at::Tensor run(const at::Tensor& image) const;
  const std::filesystem::path& file() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::nn
