"""ConvNeXt and ConvNeXt V2."""
from networks.common import timm_network, torchvision_network


SMALL = {"depths": (1, 2, 1, 1), "dims": (8, 12, 20, 24), "patch_size": 3, "kernel_sizes": 5, "norm_eps": 1e-5}


def timm_small_convnext(name):
    return timm_network(name, **SMALL)


def timm_unscaled_convnext():
    """Not by its name: that leaves out options that are None."""
    from timm.models.convnext import ConvNeXt

    return ConvNeXt(ls_init_value=None, num_classes=7, **SMALL)


NETWORKS = {
    "torchvision_convnext_tiny": (lambda: torchvision_network("convnext_tiny"), (2, 3, 32, 38)),
    "timm_convnext_atto": (lambda: timm_network("convnext_atto"), (2, 3, 32, 38)),
    "timm_convnextv2_atto": (lambda: timm_network("convnextv2_atto"), (2, 3, 64, 38)),
    "timm_small_convnext": (lambda: timm_small_convnext("convnext_tiny"), (2, 3, 32, 38)),
    "timm_small_convnext_unscaled": (timm_unscaled_convnext, (2, 3, 32, 38)),
    "timm_small_convnextv2": (lambda: timm_small_convnext("convnextv2_tiny"), (2, 3, 32, 38)),
}
