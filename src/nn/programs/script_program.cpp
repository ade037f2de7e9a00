#include "nn/programs/script_program.hpp"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <mutex>
#include <utility>
#include <vector>

#include "nn/programs/archive.hpp"
#include "nn/programs/load_script.hpp"
#include "nn/programs/torch_script_code.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

/// The tensor itself, or the first of several: with deep supervision the finest comes first.
at::Tensor first_tensor(const c10::IValue& returned) {
  if (returned.isTensor()) return returned.toTensor();
  if (returned.isTuple() && !returned.toTupleRef().elements().empty())
    return first_tensor(returned.toTupleRef().elements()[0]);
  if (returned.isList() && !returned.toListRef().empty()) return first_tensor(returned.toListRef()[0]);
  return {};
}

}  // namespace

struct ScriptProgram::Impl {
  std::filesystem::path file;
  std::string method;
  mutable std::mutex turn;
  mutable torch::jit::Module script;
};

ScriptProgram::ScriptProgram(std::filesystem::path file, std::string method)
    : impl_(new Impl{.file = std::move(file), .method = std::move(method), .turn = {}, .script = {}}) {
  const std::string bytes = core::read_file(impl_->file);
  core::with_context(impl_->file.string(), [&] {
    const Archive archive(bytes);
    if (archive.kind() != ArchiveKind::torch_script)
      core::fail_data("is no TorchScript module; save it with torch.jit.script(module).save(FILE)");
    require_confined(archive);
    impl_->script = load_script(bytes, at::kCPU);
    impl_->script.eval();
    if (impl_->script.find_method(impl_->method)) return;
    std::vector<std::string> names;
    for (const auto& one : impl_->script.get_methods()) names.push_back(one.name());
    core::fail_usage("`method`: the module has no method `" + impl_->method + "`" +
                     core::suggest(impl_->method, names) + "; it has " + core::join(names, ", "));
  });
}

ScriptProgram::~ScriptProgram() = default;

const std::filesystem::path& ScriptProgram::file() const {
  return impl_->file;
}

at::Tensor ScriptProgram::run(const at::Tensor& image) const {
  const at::NoGradGuard no_grad;
  // The interpreter step by step: its optimisations begin after some passes, and would change the numbers.
  const torch::jit::GraphOptimizerEnabledGuard as_written(false);
  const std::scoped_lock lock(impl_->turn);
  at::Tensor found;
  try {
    found = first_tensor(impl_->script.get_method(impl_->method)({image}));
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    core::fail_data("the program fails on images " + c10::str(image.sizes()) + ": " + reason_of(error));
  }
  if (!found.defined())
    core::fail_usage(
        "the program gives no tensor; save one that gives a tensor, or several of which the first is meant");
  return found.to(at::kFloat);
}

}  // namespace photo51::nn
