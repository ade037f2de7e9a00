#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include <string>

#include "backbones/transformer/vit_parts.hpp"

namespace photo51::backbones {
namespace {

using Renames = std::vector<nn::Dialect::Rename>;

const std::string kVitLayer = "encoder.layers.encoder_layer_*.";

/// What timm, DINOv2 and MONAI call alike.
Renames vit_common_names() {
  return {{"cls_token", "class_token"},
          {"blocks.*.norm1", kVitLayer + "ln_1"},
          {"blocks.*.attn.qkv.weight", kVitLayer + "self_attention.in_proj_weight"},
          {"blocks.*.attn.qkv.bias", kVitLayer + "self_attention.in_proj_bias"},
          {"blocks.*.norm2", kVitLayer + "ln_2"}};
}

Renames vit_timm_names(const VitOptions& options) {
  // timm's Eva, which alone has rotary positions, has its factors beside the modules.
  const bool eva = has_rope(options);
  const Renames others{{eva ? "blocks.*.gamma_1" : "blocks.*.ls1.gamma", kVitLayer + "gamma_1"},
                       {eva ? "blocks.*.gamma_2" : "blocks.*.ls2.gamma", kVitLayer + "gamma_2"},
                       {"pos_embed", "encoder.pos_embedding"},
                       {"patch_embed.proj", "conv_proj"},
                       {"blocks.*.attn.q_bias", kVitLayer + "self_attention.q_bias"},
                       {"blocks.*.attn.v_bias", kVitLayer + "self_attention.v_bias"},
                       {"blocks.*.attn.q_norm", kVitLayer + "self_attention.q_norm"},
                       {"blocks.*.attn.k_norm", kVitLayer + "self_attention.k_norm"},
                       {"blocks.*.attn.proj", kVitLayer + "self_attention.out_proj"},
                       {options.fc_norm ? "fc_norm" : "norm", "encoder.ln"},
                       {"head_dist", "heads.head_dist"},
                       {"head", "heads.head"}};
  Renames names = vit_common_names();
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

/// DINOv2's token of masked patches, of which only its training makes use.
nn::Tensors vit_mask_token(const VitSizes& sizes) {
  return {{"mask_token", at::zeros({1, sizes.embed_dim}, at::kFloat)}};
}

/// MONAI's blocks have a norm for an attention to other tokens even where they have no such attention.
nn::Tensors vit_cross_attention_norms(const VitSizes& sizes) {
  nn::Tensors made;
  for (int64_t i = 0; i < sizes.depth; ++i) {
    const std::string norm = "blocks." + std::to_string(i) + ".norm_cross_attn.";
    made[norm + "weight"] = at::ones({sizes.embed_dim}, at::kFloat);
    made[norm + "bias"] = at::zeros({sizes.embed_dim}, at::kFloat);
  }
  return made;
}

/// MONAI's perceptron multiplies the voxels of a patch, channels fastest, by a matrix: our kernel in another
/// order.
nn::Dialect::Transform vit_perceptron_projection(int64_t patch, int64_t dims) {
  const auto kernel = [patch, dims](const at::Tensor& weight) {
    std::vector<int64_t> sizes(static_cast<size_t>(dims), patch);
    const int64_t voxels = c10::multiply_integers(sizes);
    if (weight.dim() != 2 || weight.size(1) % voxels != 0)
      return weight;  // of another patch: left to loading
    sizes.insert(sizes.begin(), weight.size(0));
    sizes.push_back(weight.size(1) / voxels);
    return weight.reshape(sizes).movedim(-1, 1).contiguous();
  };
  const auto matrix = [](const at::Tensor& weight) { return weight.movedim(1, -1).flatten(1); };
  return {"conv_proj.weight", kernel, matrix};
}

}  // namespace

nn::Dialect vit_monai_dialect(const VitOptions& options, int64_t dims) {
  const bool perceptron = options.projection == VitProjection::perceptron;
  const bool activated = options.post_activation != PostActivation::none;
  const VitSizes sizes = vit_sizes(options);
  Renames names = vit_common_names();
  const std::string patches = "patch_embedding.patch_embeddings", classifier = "classification_head";
  // Where there is a number, a Sequential counts the rearrangement before it or the activation behind it.
  names.insert(names.end(), {{"patch_embedding.position_embeddings", "encoder.pos_embedding"},
                             {perceptron ? patches + ".1" : patches, "conv_proj"},
                             {"blocks.*.attn.out_proj", kVitLayer + "self_attention.out_proj"},
                             {"blocks.*.mlp.linear1", kVitLayer + "mlp.0"},
                             {"blocks.*.mlp.linear2", kVitLayer + "mlp.3"},
                             {"norm", "encoder.ln"},
                             {activated ? classifier + ".0" : classifier, "heads.head"}});
  nn::Dialect monai{.library = "MONAI",
                    .renames = names,
                    .classifier = {classifier + "."},
                    .ignored = {"blocks.*.cross_attn"},  // of older versions, and unused there
                    .constants = vit_cross_attention_norms(sizes)};
  if (perceptron) monai.transforms = {vit_perceptron_projection(sizes.patch_size, dims)};
  return monai;
}

std::vector<nn::Dialect> vit_dialects(const VitOptions& options, int64_t dims) {
  Renames timm = vit_timm_names(options), dinov2 = timm;
  timm.insert(timm.end(), {{"reg_token", "register_tokens"},
                           {"blocks.*.mlp.fc1", kVitLayer + "mlp.0"},
                           {"blocks.*.mlp.fc2", kVitLayer + "mlp.3"}});
  const bool gated = options.mlp == nn::PerceptronKind::swiglu;
  dinov2.insert(dinov2.end(), {{gated ? "blocks.*.mlp.w12" : "blocks.*.mlp.fc1", kVitLayer + "mlp.0"},
                               {gated ? "blocks.*.mlp.w3" : "blocks.*.mlp.fc2", kVitLayer + "mlp.3"}});
  return {{.library = "torchvision", .classifier = {"heads."}},
          {.library = "torchvision 0.12",  // and its published weights
           .renames = {{kVitLayer + "mlp.linear_1", kVitLayer + "mlp.0"},
                       {kVitLayer + "mlp.linear_2", kVitLayer + "mlp.3"}},
           .classifier = {"heads."}},
          {.library = "timm", .renames = timm, .classifier = {"head.", "head_dist."}},
          {.library = "DINOv2",
           .renames = dinov2,
           .classifier = {"head.", "head_dist."},
           .constants = vit_mask_token(vit_sizes(options))},
          vit_monai_dialect(options, dims)};
}

}  // namespace photo51::backbones
