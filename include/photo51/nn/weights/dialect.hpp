#pragma once
/// How the files of other libraries name the weights of an architecture that is ours as well, as data.

#include <functional>
#include <string>
#include <vector>

#include "photo51/nn/weights/adapt.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

struct Dialect {
  /// `from` matches a name or its beginning up to a dot; a `*` in it, at most one between two dots, is any
  /// text without dots, and those of `to` are the same in order: {"blocks.*.norm1", "layers.layer_*.ln_1"}
  /// makes `layers.layer_3.ln_1.weight` of `blocks.3.norm1.weight`. Exchanged, the two lead back.
  struct Rename {
    std::string from, to;
  };
  /// Changes the values of what is called `name` (with `*` as above) after renaming; `back` makes the
  /// library's of ours, null: no way back is known.
  struct Transform {
    std::string name;
    std::function<at::Tensor(const at::Tensor& values)> apply;
    std::function<at::Tensor(const at::Tensor& values)> back = nullptr;
  };
  /// One of our tensors that the library has in parts, of one shape, which follow each other along the first
  /// axis. `name` and `parts` are names after renaming, with `*` as above; a part without a name is as many
  /// zeros, which the library has nothing for, and whatever ours holds there is left out on the way back.
  struct Join {
    std::string name;
    std::vector<std::string> parts;
  };
  std::string library;                    ///< "torchvision", "timm", "MONAI"
  std::vector<Rename> renames{};          ///< the first that matches a name is applied to it
  std::vector<Transform> transforms{};    ///< all that match
  std::vector<std::string> classifier{};  ///< names in the file that begin so are its classifier's
  /// What a name in the file matches, as `from` does, that is of a part which our architecture lacks (a
  /// segmentation network's decoder): left out.
  std::vector<std::string> ignored{};
  /// Tensors of their files, by their names, that change nothing: left out, and given back with these values.
  Tensors constants{};
  std::vector<Join> joins{};  ///< after all that is above
};

enum class Classifier { left_out, kept };
/// The file's tensors by our names. Error (data) that names `source`: two of them get the same name.
Tensors translate(const Tensors& tensors, const Dialect& dialect, const std::string& source,
                  Classifier classifier = Classifier::left_out);
/// Our tensors by the library's names. Errors (usage): the dialect changes the values of one of them and has
/// no way back; two of them get the same name.
Tensors translate_back(const Tensors& tensors, const Dialect& dialect);

/// `tensors` without the names of modules around the network that all of them begin with: `module.`,
/// `_orig_mod.`, `model.`, `net.`, `network.`, `backbone.`, `encoder.`, also several; DINO's `backbone.` also
/// where there are others, which are left out then. As they are where neither holds.
Tensors without_wrappers(const Tensors& tensors);

/// The dialect whose names come nearest to the network's, the first of equals.
struct Nearest {
  const Dialect* dialect;
  Tensors tensors;   ///< by our names
  size_t strangers;  ///< names of the file or of the network without a counterpart
};
/// Errors: (data) as of `translate`; (usage) there is no dialect.
Nearest nearest_dialect(const Tensors& tensors, const Tensors& own, const std::vector<Dialect>& dialects,
                        const std::string& source, Classifier classifier = Classifier::left_out);

struct PretrainedOptions {
  std::string entry{};  ///< of a file with several state dicts, see `read_weights`
  AdaptOptions adapt{};
  AdaptTarget target{};
  Classifier classifier = Classifier::left_out;
};
/// Where a network's first weights come from.
struct Pretrained {
  std::string file;                    ///< its name, without the folder
  std::string library;                 ///< of the dialect
  std::vector<std::string> changes{};  ///< see `Adapted`
  Metadata metadata{};                 ///< of the file
};
/// Loads a file of safetensors or of torch.save without its wrappers, as the nearest dialect says, adapted as
/// asked, and logs what was changed; then as `load_state`, strictly. Errors (data): those of `read_weights`,
/// `translate` and `load_state`, whose message names the option that would help. Error (usage): there is no
/// dialect.
Pretrained load_pretrained(torch::nn::Module& module, const std::filesystem::path& path,
                           const std::vector<Dialect>& dialects, const PretrainedOptions& options = {});
/// The same of a file that was read already.
Pretrained load_pretrained(torch::nn::Module& module, TensorFile file, const std::string& source,
                           const std::vector<Dialect>& dialects, const PretrainedOptions& options = {});

}  // namespace photo51::nn
