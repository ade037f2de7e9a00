#pragma once
/// encoders -> fusion -> heads, assembled from the `model:` section.

#include <torch/nn/module.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/tokens.hpp"
#include "photo51/config/fields.hpp"
#include "photo51/data/load/batch.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/model/options.hpp"
#include "photo51/nn/inference/packed_layers.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::radiogenomics {
class Head;
}

namespace photo51::model {

struct Outputs {
  /// Of a head, [B, K]; its value or risk where it has no classes; of one that outlines [B, 1 + classes,
  /// ...], of the size of its input's images.
  std::map<std::string, at::Tensor> logits;
  /// In training, of heads that outline and whose decoder makes them: coarser ones, the finest first.
  std::map<std::string, std::vector<at::Tensor>> coarser;
  /// Of a head that outlines: [B] bool on the host, the rows whose image was there to be outlined.
  std::map<std::string, at::Tensor> drawn;
  at::Tensor fused;  ///< [B, D], of the first head that is a layer
  /// By fusion (the name of its module: `fusion`, or one of its own where a head sees some of the inputs),
  /// then by input: its share, [B], where the fusion has such a thing.
  std::map<std::string, std::map<std::string, at::Tensor>> modality_weights;
  /// By module (`encoders.INPUT`, or a fusion's name), then by the name that it gives (Tokens, Fused):
  /// `encoders.mri` `bag` is the weight of each instance of the input's bags, [N].
  std::map<std::string, std::map<std::string, at::Tensor>> attention;
  /// What encoders and fusions ask to be added to the loss, by module and name: `encoders.mri.NAME`.
  backbones::AuxiliaryLosses losses;
  /// By input, [B, D], NaN where it is absent; not in training, and only where a head has an estimator, which
  /// sees these.
  std::map<std::string, at::Tensor> embeddings;
};

class Model : public torch::nn::Module {
 public:
  /// `labels` as the cohort gave them, multiclass names filled in. Errors (usage): options that a config
  /// could not have (config/validate.hpp), an encoder whose input does not exist or is of another kind, a
  /// head without a label.
  Model(const ModelOptions& options, const std::map<std::string, data::InputInfo>& inputs,
        std::vector<data::TaskSpec> labels);
  /// Moves the weights; `forward` and `loss` then bring batches from anywhere to that device.
  void move_to(const at::Device& device);
  const at::Device& device() const { return device_; }
  /// Lays out the weights of convolutions, and in `forward` the images, with all channels of a place side by
  /// side, or one channel after the other as at first. Results differ by rounding; gradients are dropped.
  void set_channels_last(bool on);
  /// From now on `forward` and `encode_bags` predict by packed layers (nn/inference/packed_layers.hpp), with
  /// images channels-last, and in bfloat16 under autocast; outputs are float32 all the same. Nothing: as the
  /// layers are. Parameters and buffers stay as they are, and where they change without `load_state` it has
  /// to be called again. In training, under a Capture and where a graph is asked for, layers run as they are.
  void set_packing(const std::optional<nn::PackingOptions>& options);
  /// Where it is not packed, the type in which `forward` and `encode_bags` compute under autocast when it
  /// predicts (float32 at first); outputs are float32 all the same.
  void set_evaluation_type(at::ScalarType type);
  /// Outputs lie on the model's device, but for those of estimators. Rows of absent inputs are never read.
  Outputs forward(const data::Batch& batch);
  /// The batch with the features of those bags that are streams (Loader::Options::encode_bags), taken from
  /// them without ever holding all of their images: `forward` says the same of it as of the whole bags, to
  /// the last bit. For prediction. Error (usage): the model trains; and `forward` of a stream.
  data::Batch encode_bags(const data::Batch& batch);
  /// In training each input of a case is blanked with this probability, but never the last one it has. Drawn
  /// from torch's default generator. Error (usage) outside [0, 1).
  void set_modality_dropout(double probability);
  /// Learns class weights and time bins from the labels of the training rows; they are saved as buffers.
  /// Errors (data): no known label, one class only, no event.
  void fit_heads(const data::Cohort& cohort, const std::vector<int64_t>& train);
  void fit_head(const std::string& name, const data::Targets& training);
  /// Error (data) that names the head: what came from a file is nothing that `fit_heads` learns.
  void check_heads() const;
  /// The loss of each head that is a layer and has a usable label in the batch, in the config's order.
  struct HeadLoss {
    std::string head;
    at::Tensor mean;    ///< scalar, over the cases with a known label
    int64_t count = 0;  ///< of these cases
    double weight = 1;  ///< of the head
  };
  std::vector<HeadLoss> head_losses(const Outputs& outputs, const data::Batch& batch);
  /// Weighted sum over the heads with at least one usable label in the batch, and over the encoders' and
  /// fusions' own losses; also the value of each by its name. Undefined when no head has a usable label.
  at::Tensor loss(const Outputs& outputs, const data::Batch& batch,
                  std::map<std::string, double>* parts = nullptr);
  /// Probabilities [B, classes] (binary: [B, 2]), value [B, 1], or risk [B, 1], of every head in `outputs`,
  /// but for those that outline, whose maps may be large: their `head` predicts them case by case.
  std::map<std::string, at::Tensor> predict(const Outputs& outputs);
  const std::vector<data::TaskSpec>& labels() const { return labels_; }

  /// The heads that outline, in the config's order, with the input of each.
  std::vector<std::pair<std::string, std::string>> map_heads() const;
  /// Whether any head is trained by steps.
  bool trains() const;
  /// The heads that are fitted at once, each after those that it combines.
  std::vector<std::string> heads_fitted_at_once() const;
  /// Error (usage): there is no such head. `forward` passes over it until it is fitted.
  radiogenomics::Head& head(const std::string& name);
  /// What a head that is fitted at once sees, [B, F]: the embeddings of its inputs side by side, or what the
  /// heads say that it combines (logits, values, risks).
  at::Tensor head_features(const std::string& name, const Outputs& outputs);
  std::vector<std::string> head_feature_names(const std::string& name) const;

  /// By input, where the encoder's first weights come from, as far as they were not drawn.
  std::map<std::string, nn::Pretrained> pretrained() const;

  /// By input, the hash of the file whose program the encoder runs, where it runs one.
  std::map<std::string, std::string> programs() const;

  /// Parameters and buffers by name, whose memory they share, and `heads.NAME.…` of what estimators learned.
  nn::Tensors state() const;
  /// Takes all of it. Errors (data): those of `nn::load_state`; a head's state is missing or broken.
  void load_state(const nn::Tensors& state, const std::string& source, const nn::LoadOptions& options = {});
  /// Takes parameters and buffers, and passes over what estimators learned.
  void load_layers(const nn::Tensors& state, const std::string& source, const nn::LoadOptions& options = {});

 private:
  struct Parts;
  class Packing;
  bool predicts_packed() const;
  at::ScalarType type_of_prediction() const;
  Outputs run(const data::Batch& batch);
  void forget_packed();
  std::vector<data::TaskSpec> labels_;
  std::shared_ptr<Parts> parts_;
  at::Device device_ = at::kCPU;
  bool channels_last_ = false;
  at::ScalarType evaluation_type_ = at::kFloat;
  std::shared_ptr<nn::PackedLayers> packed_;  ///< may be null
};

}  // namespace photo51::model
