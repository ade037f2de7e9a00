"""networks.py export NETWORK FILE: the peer's network with random weights, an input and its output.
networks.py check NETWORK FILE: loads the file's weights into the peer's network, strictly, and compares outputs."""
import sys

import safetensors
import torch


def torchvision_resnet(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None, num_classes=7), (2, 3, 64, 64)


def torchvision_vit():
    import torchvision

    network = torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48, num_classes=7
    )
    torch.nn.init.normal_(network.heads.head.weight)
    return network, (2, 3, 32, 32)


def timm_network(name):
    import timm

    return timm.create_model(name, num_classes=7), (2, 3, 63, 96)


def monai_resnet(name):
    import monai

    network = getattr(monai.networks.nets, name)(spatial_dims=3, n_input_channels=2, num_classes=7)
    return network, (2, 2, 24, 32, 32)


NETWORKS = {
    "torchvision_resnet18": lambda: torchvision_resnet("resnet18"),
    "torchvision_resnet34": lambda: torchvision_resnet("resnet34"),
    "torchvision_resnet50": lambda: torchvision_resnet("resnet50"),
    "torchvision_vit": torchvision_vit,
    "timm_efficientnet_lite0": lambda: timm_network("efficientnet_lite0"),
    "timm_tf_efficientnet_lite0": lambda: timm_network("tf_efficientnet_lite0"),
    "monai_resnet18": lambda: monai_resnet("resnet18"),
    "monai_resnet50": lambda: monai_resnet("resnet50"),
}

command, name, path = sys.argv[1:]
torch.manual_seed(5)
network, shape = NETWORKS[name]()
if command == "export":
    for key, value in network.state_dict().items():  # batch norms that do something
        if key.endswith(("running_mean", "running_var")):
            value.uniform_(0.5, 1.5)
    image = torch.randn(shape)
    with torch.no_grad():
        output = network.eval()(image)
    safetensors.write(path, {**network.state_dict(), "input": image, "output": output})
else:
    tensors = safetensors.read(path)
    image, expected = tensors.pop("input"), tensors.pop("output")
    network.load_state_dict(tensors, strict=True)
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(image), expected, rtol=1e-3, atol=1e-4)
