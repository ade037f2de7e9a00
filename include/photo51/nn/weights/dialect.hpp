#pragma once
/// How the files of other libraries name the weights of an architecture that is ours as well, as data.

#include <string>
#include <vector>

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

struct Dialect {
  /// `from` matches a name or its beginning up to a dot; a `*` in it, at most one between two dots, is any
  /// text without dots, and those of `to` are the same in order: {"blocks.*.norm1", "layers.layer_*.ln_1"}
  /// makes `layers.layer_3.ln_1.weight` of `blocks.3.norm1.weight`. Exchanged, the two lead back.
  struct Rename {
    std::string from, to;
  };
  /// Changes the values of what is called `name` (with `*` as above) after renaming.
  struct Transform {
    std::string name;
    at::Tensor (*apply)(const at::Tensor& values);
  };
  std::string library;                    ///< "torchvision", "timm", "MONAI"
  std::vector<Rename> renames{};          ///< the first that matches a name is applied to it
  std::vector<Transform> transforms{};    ///< all that match
  std::vector<std::string> classifier{};  ///< names in the file that begin so are its classifier's
};

enum class Classifier { left_out, kept };
/// The file's tensors by our names. Error (data) that names `source`: two of them get the same name.
Tensors translate(const Tensors& tensors, const Dialect& dialect, const std::string& source,
                  Classifier classifier = Classifier::left_out);
/// Our tensors by the library's names. Errors (usage): the dialect changes the values of one of them; two of
/// them get the same name.
Tensors translate_back(const Tensors& tensors, const Dialect& dialect);

/// Loads the file as the dialect says whose names come nearest to the module's, the first of equals; then as
/// `load_state`, strictly. Errors (data): those of `read_safetensors`, `translate` and `load_state`. Error
/// (usage): there is no dialect.
Metadata load_pretrained(torch::nn::Module& module, const std::filesystem::path& path,
                         const std::vector<Dialect>& dialects);

}  // namespace photo51::nn
