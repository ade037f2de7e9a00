"""Residual and dense networks."""
import torch
from networks.common import monai_network, timm_network, torchvision_network


FEW = [2, 2, 2, 2]  # blocks, for networks of 50 layers whose 26 run the same code


def widths(first):
    return [first << stage for stage in range(4)]


def monai_resnet(block, layers, width, **options):
    from monai.networks.nets import ResNet

    return ResNet(block, layers, widths(width), n_input_channels=2, num_classes=7, **options)


def monai_small_stem_resnet10():
    return monai_resnet("basic", [1, 1, 1, 1], 8, conv1_t_size=3, conv1_t_stride=1, no_max_pool=True)


def monai_padding_resnet10():
    """Of MedicalNet's kind. MONAI's shortcut passes no gradient, which is none of the network; this one does."""
    from monai.networks.nets import ResNet

    class PaddingResNet(ResNet):
        def _downsample_basic_block(self, x, planes, stride, spatial_dims=3):
            places = x[:, :, ::stride, ::stride, ::stride]
            return torch.nn.functional.pad(places, (0,) * 7 + (planes - x.shape[1],))

    other = {"conv1_t_stride": 2, "shortcut_type": "A"}
    return PaddingResNet("basic", [1, 1, 1, 1], widths(64), n_input_channels=2, num_classes=7, **other)


def timm_group_resnet18():
    return timm_network("resnet18", norm_layer=lambda channels, **options: torch.nn.GroupNorm(8, channels))


def monai_instance_densenet():
    return monai_densenet(block_config=(2, 3), growth_rate=8, init_features=12, norm=("instance", {"affine": True}))


def monai_densenet(**options):
    from monai.networks import nets

    return nets.DenseNet(spatial_dims=3, in_channels=2, out_channels=7, **options)


NETWORKS = {
    "torchvision_resnet18": (lambda: torchvision_network("resnet18"), (2, 3, 64, 64)),
    "torchvision_resnet34": (lambda: torchvision_network("resnet34"), (2, 3, 64, 64)),
    "torchvision_resnet50": (lambda: torchvision_network("resnet50"), (2, 3, 64, 64)),
    "timm_resnet18": (lambda: timm_network("resnet18"), (2, 3, 64, 64)),
    "monai_resnet18": (lambda: monai_resnet("basic", [2, 2, 2, 2], 64), (2, 2, 12, 16, 18)),
    "monai_resnet50": (lambda: monai_resnet("bottleneck", [3, 4, 6, 3], 16), (2, 2, 12, 16, 18)),
    "timm_resnet26d": (lambda: timm_network("resnet26d"), (2, 3, 65, 64)),
    "timm_resnet18_group": (timm_group_resnet18, (2, 3, 64, 64)),
    "timm_seresnet18": (lambda: timm_network("seresnet18"), (2, 3, 64, 64)),
    "timm_resnet18_cbam": (lambda: timm_network("resnet18", block_args={"attn_layer": "cbam"}), (2, 3, 64, 64)),
    "timm_legacy_seresnet26": (lambda: timm_network("legacy_seresnet50", layers=FEW), (2, 3, 63, 64)),
    "monai_seresnet26": (
        lambda: monai_network("SEResNet50", layers=FEW, spatial_dims=3, in_channels=2),
        (1, 2, 16, 24, 24),
    ),
    "monai_resnet10_small_stem": (monai_small_stem_resnet10, (2, 2, 9, 12, 16)),
    "monai_resnet10_padding": (monai_padding_resnet10, (2, 2, 24, 32, 32)),
    "torchvision_densenet121": (lambda: torchvision_network("densenet121"), (2, 3, 64, 64)),
    "timm_densenet": (lambda: timm_network("densenet121", block_config=(2, 3, 2), growth_rate=16), (2, 3, 64, 64)),
    "monai_densenet": (lambda: monai_densenet(block_config=(1, 2, 2, 1)), (2, 2, 32, 33, 32)),
    "monai_densenet_instance": (monai_instance_densenet, (2, 2, 24, 32, 32)),
}
