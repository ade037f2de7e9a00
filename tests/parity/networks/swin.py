"""Shifted-window transformers."""
import torch
from networks.common import Encoder


# Maps of 11 x 17 places, merged to 6 x 9 and to 3 x 5: no multiples of the window, and the last within it.
SWIN = {"embed_dim": 12, "depths": (2, 2, 2), "num_heads": (2, 3, 4), "num_classes": 7}
SWIN_IMAGE = (2, 3, 46, 70)


def torchvision_swin(version):
    import torchvision.models.swin_transformer as swin

    lists = {key: list(value) if isinstance(value, tuple) else value for key, value in SWIN.items()}
    other = {"block": swin.SwinTransformerBlockV2, "downsample_layer": swin.PatchMergingV2} if version == 2 else {}
    return swin.SwinTransformer(patch_size=[4, 4], window_size=[4, 4], **lists, **other)


def timm_swin(version):
    from timm.models.swin_transformer import SwinTransformer
    from timm.models.swin_transformer_v2 import SwinTransformerV2

    network = SwinTransformerV2 if version == 2 else SwinTransformer
    other = {"pretrained_window_sizes": (3, 3, 0)} if version == 2 else {}
    return network(img_size=SWIN_IMAGE[2:], window_size=4, **SWIN, **other)


def monai_swin(dims, normalize=True, **options):
    from monai.networks.nets import swin_unetr

    class Swin(swin_unetr.SwinTransformer):
        def exported_stages(self, image):
            return super().forward(image, normalize)

        def forward(self, image):
            return self.head(self.exported_stages(image)[-1].flatten(2).mean(2))

    shape = {"in_chans": 2, "embed_dim": 12, "depths": (2, 2, 1, 1), "num_heads": (2, 3, 4, 4), "spatial_dims": dims}
    network = Swin(patch_size=(2,) * dims, window_size=(4, 3, 4)[-dims:], **shape, **options)
    network.head = torch.nn.Linear(12 * 2**4, 7)
    return network


def monai_whole_swin_unetr():
    from monai.networks import nets

    class SwinUnetr(Encoder, nets.SwinUNETR):
        decoder = ("encoder", "decoder", "out.")

        def exported_stages(self, image):
            return self.swinViT(image, self.normalize)

        def fc(self, features):
            return self.swinViT.head(features)

    network = SwinUnetr(in_channels=2, out_channels=2, feature_size=12, depths=(1, 1, 1, 1), num_heads=(2, 3, 4, 4))
    network.swinViT.head = torch.nn.Linear(12 * 2**4, 7)
    return network


NETWORKS = {
    "torchvision_swin": (lambda: torchvision_swin(1), SWIN_IMAGE),
    "torchvision_swin_v2": (lambda: torchvision_swin(2), SWIN_IMAGE),
    "timm_swin": (lambda: timm_swin(1), SWIN_IMAGE),
    "timm_swin_v2": (lambda: timm_swin(2), SWIN_IMAGE),
    "monai_swin_unetr": (lambda: monai_swin(3), (1, 2, 18, 13, 22)),
    "monai_swin_unetr_v2": (
        lambda: monai_swin(3, use_v2=True, downsample="mergingv2", patch_norm=True),
        (1, 2, 18, 20, 34),
    ),
    "monai_whole_swin_unetr": (monai_whole_swin_unetr, (1, 2, 32, 32, 32)),
    "monai_swin_unetr_2d": (lambda: monai_swin(2), (2, 2, 33, 46)),
    "monai_swin_unetr_unnormalized": (lambda: monai_swin(2, normalize=False), (2, 2, 33, 46)),
}
