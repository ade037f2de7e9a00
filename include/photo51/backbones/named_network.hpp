#pragma once
/// Networks by name, outside of a model: what `photo51 weights` looks at and runs.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/input_shape.hpp"
#include "photo51/config/components.hpp"

namespace photo51::backbones {

/// A row of `image_encoders` and `key=value` for its options. Some keys are not among these: `source` says
/// whose weights it takes (a library of its dialects, whose defaults hold then where this one has others),
/// `dims` 2 or 3, `size` the edges of the images in pixels, one for all (224) or one an axis ([32, 96, 96]),
/// `decoder.KEY` an option of the decoder of the network's name, `decoder=none` that there is none.
struct NamedNetwork {
  std::string name;
  std::vector<std::string> settings{};
};

/// Without initial values; its classifier has as many classes as the one in `weights`, none where they have
/// none. Errors (usage): there is no such network, setting or source, or the images are not what `dims` and
/// `size` say.
struct BuiltNetwork {
  std::shared_ptr<Backbone> network;
  config::Choice choice;              ///< the row and its options
  std::vector<nn::Dialect> dialects;  ///< of the source; all where none was asked for
  int64_t classes = 0;
};
BuiltNetwork build_named(const NamedNetwork& named, const InputShape& shape, const nn::Tensors& weights,
                         const std::string& source);

/// Images of a size that every network takes: edges of 224 in 2D, of 96 in 3D.
InputShape usual_shape(int64_t dims, int64_t channels);
/// The network of a row with default options and no classifier, without initial values; null where it takes
/// no such images, there is no such row, or its encoder is more than a network.
std::shared_ptr<Backbone> default_network(const std::string& name, const InputShape& shape);

/// What images the weights are of: what `dims` and `size` of the settings say, else, as far as kernels tell,
/// the dimensions and channels of the first convolution, of the usual size. Errors (usage): `dims` or `size`
/// is not readable, or they do not go together.
InputShape guess_shape(const nn::Tensors& weights, const NamedNetwork& named = {});

/// Of images [B, C, ([D,] H, W)] the logits in evaluation mode: [B, classes] where the file has a classifier;
/// [B, outputs, ([D,] H, W)], a map of the image's size, where there is a decoder of the network's name and
/// the file has parameters by that one's names; else the last stage [B, C, ...]. In double precision where
/// `x` is. `entry`: see nn::read_weights. Errors: those of `build_named`, of the decoder and
/// `nn::load_pretrained`.
at::Tensor forward(const NamedNetwork& named, const std::filesystem::path& weights, const at::Tensor& x,
                   const std::string& entry = "");

/// A network, with default options, whose names are those of the weights, whatever the numbers in them.
struct Recognized {
  std::string network, library;
  double share = 0;  ///< of all names, ours and theirs, that both have
};
/// The best first; those that share less than a tenth are left out.
std::vector<Recognized> recognize(const nn::Tensors& weights);

}  // namespace photo51::backbones
