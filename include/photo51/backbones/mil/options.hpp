#pragma once
/// What a config may choose of the pools of bags, without torch. The names and values of the papers, as far
/// as they say them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// Wang et al., Pattern Recognition 2018: mi-Net has a score of each instance, of which the largest is the
/// bag's; MI-Net the largest of each feature.
enum class MiNetLevel { instance, embedding };
std::span<const std::string_view> enum_names(MiNetLevel);
struct MiNetOptions {
  MiNetLevel level = MiNetLevel::instance;
  std::vector<int64_t> hidden = {256, 128, 64};  ///< features of the layers before the maximum
  double dropout = 0;                            ///< behind each layer
  double max_loss_weight = 1;                    ///< level instance
  std::string head = {};  ///< level instance: whose classes have a score; empty: of the only head with any
};
void describe(config::Fields& f, MiNetOptions& o);

/// Ilse et al., ICML 2018; of `abmil` and `gated_abmil`.
struct AbmilOptions {
  int64_t embed_dim = 0;  ///< 0: instances as they are
  int64_t hidden = 128;
  double dropout = 0;  ///< of the embedded instances and the hidden features
};
void describe(config::Fields& f, AbmilOptions& o);

/// Lu et al., Nature Biomedical Engineering 2021; of `clam_sb` and `clam_mb`.
enum class ClamInstanceLoss { svm, cross_entropy };
std::span<const std::string_view> enum_names(ClamInstanceLoss);
struct ClamOptions {
  int64_t embed_dim = 512;
  int64_t hidden = 256;
  double dropout = 0.25;
  int64_t k_sample = 8;  ///< instances of most and of least attention that are taught
  ClamInstanceLoss instance_loss = ClamInstanceLoss::svm;
  double instance_loss_weight = 3.0 / 7.0;  ///< bag loss 0.7, instance loss 0.3
  bool subtyping = false;                   ///< classes exclude each other: teaches the other classes too
  std::string head = {};                    ///< whose classes; empty: of the only head with classes
};
void describe(config::Fields& f, ClamOptions& o);

/// Li et al., CVPR 2021.
struct DsmilOptions {
  int64_t hidden = 128;    ///< features of the queries
  bool passing_v = false;  ///< values pass through a layer
  double dropout = 0;      ///< before that layer
  double max_loss_weight = 1;
  std::string head = {};
};
void describe(config::Fields& f, DsmilOptions& o);

/// Shao et al., NeurIPS 2021, with the attention of Xiong et al., AAAI 2021.
struct TransmilOptions {
  int64_t embed_dim = 512;
  int64_t heads = 8;
  int64_t num_landmarks = 256;
  int64_t pinv_iterations = 6;
  double dropout = 0.1;
};
void describe(config::Fields& f, TransmilOptions& o);

/// Zhang et al., CVPR 2022: what of each pseudo-bag goes on to the second tier: its aggregated feature, the
/// instances of the highest probability, or those of the highest and of the lowest.
enum class DtfdDistillation { afs, maxs, maxmins };
std::span<const std::string_view> enum_names(DtfdDistillation);
struct DtfdOptions {
  int64_t embed_dim = 512;
  int64_t hidden = 128;
  double dropout = 0;  ///< before the classifier of the first tier
  int64_t pseudo_bags = 4;
  DtfdDistillation distillation = DtfdDistillation::afs;
  int64_t k_sample = 1;  ///< maxs, maxmins: instances of each pseudo-bag, from either end
  double tier_1_loss_weight = 1;
  std::string head = {};
};
void describe(config::Fields& f, DtfdOptions& o);

/// A plain encoder with a class token (Vaswani et al., NeurIPS 2017; layers with the norm first).
struct TransformerPoolOptions {
  int64_t embed_dim = 0;  ///< 0: instances as they are
  int64_t depth = 2;
  int64_t heads = 8;
  int64_t mlp_dim = 0;  ///< 0: four times the width
  double dropout = 0;
};
void describe(config::Fields& f, TransformerPoolOptions& o);

}  // namespace photo51::backbones
