"""EfficientNet."""
from networks.common import monai_network, timm_network, torchvision_network


def monai_efficientnet(name, dims, channels):
    return monai_network(
        "EfficientNetBN", model_name=name, pretrained=False, spatial_dims=dims, in_channels=channels
    )


NETWORKS = {
    "timm_efficientnet_lite0": (lambda: timm_network("efficientnet_lite0"), (2, 3, 63, 96)),
    "timm_tf_efficientnet_lite0": (lambda: timm_network("tf_efficientnet_lite0"), (2, 3, 63, 96)),
    "torchvision_efficientnet_b0": (lambda: torchvision_network("efficientnet_b0"), (2, 3, 63, 64)),
    "torchvision_efficientnet_b1": (lambda: torchvision_network("efficientnet_b1"), (2, 3, 48, 48)),
    "timm_efficientnet_b0": (lambda: timm_network("efficientnet_b0"), (2, 3, 63, 64)),
    "timm_efficientnet_b2": (lambda: timm_network("efficientnet_b2"), (2, 3, 48, 48)),
    "timm_tf_efficientnet_b0": (lambda: timm_network("tf_efficientnet_b0"), (2, 3, 63, 64)),
    "timm_efficientnet_lite1": (lambda: timm_network("efficientnet_lite1"), (2, 3, 32, 32)),
    "timm_efficientnet_lite2": (lambda: timm_network("efficientnet_lite2"), (2, 3, 32, 32)),
    "monai_efficientnet_b0": (lambda: monai_efficientnet("efficientnet-b0", 3, 2), (1, 2, 32, 32, 32)),
    "monai_efficientnet_b1": (lambda: monai_efficientnet("efficientnet-b1", 2, 3), (2, 3, 64, 64)),
}
