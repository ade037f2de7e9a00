#include "photo51/backbones/mil/options.hpp"

#include <algorithm>
#include <array>

namespace photo51::backbones {
namespace {

void describe_dropout(config::Fields& f, double& dropout, const char* help) {
  f("dropout", dropout, help, {.min = 0, .max = 1});
  f.check(dropout < 1, "dropout", "must be below 1");
}

void describe_embed_dim(config::Fields& f, int64_t& embed_dim, int64_t least) {
  f("embed_dim", embed_dim,
    least == 0 ? "features that a linear layer and ReLU make of each instance first; 0 = as it is"
               : "features that a linear layer and ReLU make of each instance first",
    {.min = static_cast<double>(least)});
}

void describe_head(config::Fields& f, std::string& head) {
  f("head", head, "the head whose classes teach the instances; empty = the only one with classes");
}

void describe_max_loss(config::Fields& f, double& weight) {
  f("max_loss_weight", weight, "of the loss of a bag's highest scores beside a head's of 1", {.min = 0});
}

void describe_heads(config::Fields& f, int64_t& heads) {
  f("heads", heads, "attention heads, which divide the width", {.min = 1});
}

}  // namespace

std::span<const std::string_view> enum_names(MiNetLevel) {
  static constexpr std::array<std::string_view, 2> names{"instance", "embedding"};
  return names;
}

std::span<const std::string_view> enum_names(ClamInstanceLoss) {
  static constexpr std::array<std::string_view, 2> names{"svm", "cross_entropy"};
  return names;
}

std::span<const std::string_view> enum_names(DtfdDistillation) {
  static constexpr std::array<std::string_view, 3> names{"afs", "maxs", "maxmins"};
  return names;
}

void describe(config::Fields& f, MiNetOptions& o) {
  f("level", o.level,
    "instance (mi-Net): the highest score of the instances, taught by the classes of a head; embedding "
    "(MI-Net): the largest of each feature");
  f("hidden", o.hidden, "features of each layer before the maximum, with ReLU", {.min = 1});
  describe_dropout(f, o.dropout, "dropout behind each layer in training");
  describe_max_loss(f, o.max_loss_weight);
  describe_head(f, o.head);
  f.check(o.head.empty() || o.level == MiNetLevel::instance, "head", "is of level instance alone");
  f.check(!o.hidden.empty() || o.level == MiNetLevel::instance, "hidden",
          "needs a layer at level embedding; without one use `bag_pool: max`");
}

void describe(config::Fields& f, AbmilOptions& o) {
  describe_embed_dim(f, o.embed_dim, 0);
  f("hidden", o.hidden, "hidden features of the attention", {.min = 1});
  describe_dropout(f, o.dropout, "dropout of embedded instances and hidden features in training");
}

void describe(config::Fields& f, ClamOptions& o) {
  describe_embed_dim(f, o.embed_dim, 1);
  f("hidden", o.hidden, "hidden features of the attention", {.min = 1});
  describe_dropout(f, o.dropout, "dropout of embedded instances and hidden features in training");
  f("k_sample", o.k_sample, "instances of a bag, of most and of least attention, that are taught",
    {.min = 1});
  f("instance_loss", o.instance_loss, "smooth top-1 SVM (Berrada et al., ICLR 2018) or cross-entropy");
  f("instance_loss_weight", o.instance_loss_weight, "of the instance loss beside a head's of 1", {.min = 0});
  f("subtyping", o.subtyping,
    "the classes exclude each other: instances of most attention are no evidence of the others");
  describe_head(f, o.head);
}

void describe(config::Fields& f, DsmilOptions& o) {
  f("hidden", o.hidden, "features of the queries", {.min = 1});
  f("passing_v", o.passing_v, "a linear layer and ReLU make the values; off = instances as they are");
  describe_dropout(f, o.dropout, "dropout before the layer of the values in training");
  describe_max_loss(f, o.max_loss_weight);
  describe_head(f, o.head);
}

void describe(config::Fields& f, TransmilOptions& o) {
  describe_embed_dim(f, o.embed_dim, 1);
  describe_heads(f, o.heads);
  f("num_landmarks", o.num_landmarks, "landmarks of the Nystrom attention; published: half of embed_dim",
    {.min = 1});
  f("pinv_iterations", o.pinv_iterations, "steps of the pseudo-inverse", {.min = 1});
  describe_dropout(f, o.dropout, "dropout of what an attention adds in training");
  f.check(o.heads < 1 || o.embed_dim % o.heads == 0, "heads", "must divide `embed_dim`");
}

void describe(config::Fields& f, DtfdOptions& o) {
  describe_embed_dim(f, o.embed_dim, 1);
  f("hidden", o.hidden, "hidden features of both attentions", {.min = 1});
  describe_dropout(f, o.dropout, "dropout before the classifier of the pseudo-bags in training");
  f("pseudo_bags", o.pseudo_bags, "parts of a bag, drawn anew at each step of training", {.min = 1});
  f("distillation", o.distillation,
    "what of a pseudo-bag goes on: its aggregated feature (afs), its instances of the highest probability "
    "(maxs), or those of the highest and lowest (maxmins)");
  f("k_sample", o.k_sample, "maxs, maxmins: instances of a pseudo-bag, from either end", {.min = 1});
  f("tier_1_loss_weight", o.tier_1_loss_weight, "of the loss of the pseudo-bags beside a head's of 1",
    {.min = 0});
  describe_head(f, o.head);
}

void describe(config::Fields& f, TransformerPoolOptions& o) {
  describe_embed_dim(f, o.embed_dim, 0);
  f("depth", o.depth, "layers", {.min = 1});
  describe_heads(f, o.heads);
  f("mlp_dim", o.mlp_dim, "hidden features of each layer's feed-forward part; 0 = four times the width",
    {.min = 0});
  describe_dropout(f, o.dropout, "dropout inside the layers in training");
}

}  // namespace photo51::backbones
