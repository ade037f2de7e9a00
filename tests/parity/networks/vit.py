"""Vision transformers."""
import torch
from networks.common import timm_network


def torchvision_vit():
    import torchvision

    return torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48, num_classes=7
    )


def timm_vit():
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=32, patch_size=8, depth=2, num_heads=3, embed_dim=24, mlp_ratio=2, num_classes=7
    )


VIT = dict(img_size=(32, 48), patch_size=8, depth=2, num_heads=3, embed_dim=24, mlp_ratio=2, num_classes=7)


def timm_transformer(**options):
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(**dict(VIT, **options))


def timm_distilled():
    from timm.models.deit import VisionTransformerDistilled

    return VisionTransformerDistilled(**VIT)


def timm_giant():
    from timm.layers import SwiGLUPacked

    options = dict(mlp_ratio=4, mlp_layer=SwiGLUPacked, act_layer=torch.nn.SiLU)
    return timm_transformer(init_values=1e-1, reg_tokens=4, no_embed_class=True, **options)


def timm_eva(**options):
    from timm.models.eva import Eva

    return Eva(**dict(VIT, use_rot_pos_emb=True, **options))


def timm_dinov3():
    options = dict(num_reg_tokens=4, use_abs_pos_emb=False, use_fc_norm=False, qkv_bias=False)
    return timm_eva(
        **options,
        init_values=1e-1,
        rope_type="dinov3",
        rope_temperature=100,
        rope_rotate_half=True,
        dynamic_img_size=True,
        norm_layer=lambda *size, **where: torch.nn.LayerNorm(*size, eps=1e-5, **where),
    )


class GatedPerceptron(torch.nn.Module):
    """By the names of DINOv2's own files."""

    def __init__(self, width, hidden):
        super().__init__()
        self.w12 = torch.nn.Linear(width, 2 * hidden)
        self.w3 = torch.nn.Linear(hidden, width)

    def forward(self, x):
        gate, value = self.w12(x).chunk(2, -1)
        return self.w3(torch.nn.functional.silu(gate) * value)


class DinoV2(torch.nn.Module):
    """With registers, as DINOv2's own files have it: positions are the class token's and the patches'. timm moves the
    former into the class token."""

    def __init__(self):
        super().__init__()
        whole = timm_transformer(init_values=1e-1)
        self.patch_embed, self.cls_token, self.pos_embed = whole.patch_embed, whole.cls_token, whole.pos_embed
        self.register_tokens = torch.nn.Parameter(torch.randn(1, 4, 24))
        self.mask_token = torch.nn.Parameter(torch.zeros(1, 24))
        self.blocks, self.norm, self.head = whole.blocks, whole.norm, whole.head
        for block in self.blocks:
            block.mlp = GatedPerceptron(24, 48)

    def forward(self, image):
        count = image.shape[0]
        x = torch.cat([self.cls_token.expand(count, -1, -1), self.patch_embed(image)], 1) + self.pos_embed
        x = torch.cat([x[:, :1], self.register_tokens.expand(count, -1, -1), x[:, 1:]], 1)
        return self.head(self.norm(self.blocks(x))[:, 0])


def monai_vit(**options):
    from monai.networks.nets import ViT

    class Classifier(ViT):
        def forward(self, image):
            return super().forward(image)[0]

    sizes = dict(hidden_size=24, mlp_dim=48, num_layers=2, num_heads=3)
    return Classifier(classification=True, num_classes=7, post_activation="", **sizes, **options)


NETWORKS = {
    "torchvision_vit": (torchvision_vit, (2, 3, 32, 32)),
    "torchvision_0_12_vit": (torchvision_vit, (2, 3, 32, 32)),  # whose names it takes as well
    "timm_vit": (timm_vit, (2, 3, 32, 32)),
    "timm_vit_tiny": (lambda: timm_network("vit_tiny_patch16_224", img_size=32), (2, 3, 32, 32)),
    "timm_vit_mean": (lambda: timm_transformer(global_pool="avg"), (2, 3, 32, 48)),
    "timm_vit_qk_norm": (
        lambda: timm_transformer(
            global_pool="avg", fc_norm=False, class_token=False, pos_embed="none", reg_tokens=2, qk_norm=True
        ),
        (2, 3, 32, 48),
    ),
    "timm_deit_distilled": (timm_distilled, (2, 3, 32, 48)),
    "timm_dinov2": (lambda: timm_transformer(init_values=1e-1), (2, 3, 32, 48)),
    "timm_dinov2_giant": (timm_giant, (2, 3, 32, 48)),
    "timm_eva02_tiny": (lambda: timm_network("eva02_tiny_patch14_224", img_size=28), (2, 3, 28, 28)),
    "timm_eva": (lambda: timm_eva(swiglu_mlp=True, ref_feat_shape=6), (2, 3, 32, 48)),
    "timm_dinov3": (timm_dinov3, (2, 3, 32, 48)),
    "dinov2_giant": (DinoV2, (2, 3, 32, 48)),
    "monai_vit_2d": (
        lambda: monai_vit(in_channels=3, img_size=(32, 48), patch_size=8, spatial_dims=2),
        (2, 3, 32, 48),
    ),
    "monai_vit": (
        lambda: monai_vit(in_channels=2, img_size=(16, 32, 32), patch_size=8, qkv_bias=True, pos_embed_type="sincos"),
        (2, 2, 16, 32, 32),
    ),
}
