"""The peers' networks, for test_networks.cpp, which asks for one by its name and a folder (see serve.py):

weights NETWORK FOLDER  makes it with random weights: FOLDER/weights.safetensors is its state dict as it is.
export NETWORK FOLDER   does so and computes: FOLDER/values.safetensors has `input` and `output` of single precision, of
                        double precision `exact_output` and, of the sum of that times `probe`, `input_gradient`;
                        FOLDER/gradients.safetensors has the gradients of its parameters.
check NETWORK FOLDER    loads FOLDER/weights.safetensors, strictly, and compares what it makes of `input` in
                        FOLDER/values.safetensors with `output`."""
import safetensors
import serve
import torch


def torchvision_vit():
    import torchvision

    network = torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48, num_classes=7
    )
    torch.nn.init.normal_(network.heads.head.weight)
    return network


def timm_vit():
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=32, patch_size=8, depth=2, num_heads=3, embed_dim=24, mlp_ratio=2, num_classes=7
    )


def torchvision_network(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None, num_classes=7)


def timm_network(name, **options):
    import timm

    return timm.create_model(name, num_classes=7, **options)


def monai_network(name, **options):
    from monai.networks import nets

    return getattr(nets, name)(num_classes=7, **options)


def monai_resnet(name):
    return monai_network(name, spatial_dims=3, n_input_channels=2)


# The network and the shape of its input; test_networks.cpp has a row of the same name for each.
NETWORKS = {
    "torchvision_resnet18": (lambda: torchvision_network("resnet18"), (2, 3, 64, 64)),
    "torchvision_resnet34": (lambda: torchvision_network("resnet34"), (2, 3, 64, 64)),
    "torchvision_resnet50": (lambda: torchvision_network("resnet50"), (2, 3, 64, 64)),
    "torchvision_vit": (torchvision_vit, (2, 3, 32, 32)),
    "torchvision_0_12_vit": (torchvision_vit, (2, 3, 32, 32)),  # whose names it takes as well
    "timm_resnet18": (lambda: timm_network("resnet18"), (2, 3, 64, 64)),
    "timm_vit": (timm_vit, (2, 3, 32, 32)),
    "timm_efficientnet_lite0": (lambda: timm_network("efficientnet_lite0"), (2, 3, 63, 96)),
    "timm_tf_efficientnet_lite0": (lambda: timm_network("tf_efficientnet_lite0"), (2, 3, 63, 96)),
    "monai_resnet18": (lambda: monai_resnet("resnet18"), (2, 2, 24, 32, 32)),
    "monai_resnet50": (lambda: monai_resnet("resnet50"), (2, 2, 24, 32, 32)),
}


def randomize(network):
    """What a network begins with hides differences: statistics of 0 and 1, and scales, biases and tokens of 0. Means stay
    near 0, since far above it every rectifier gives 0 and the output no longer depends on the image."""
    with torch.no_grad():
        for key, value in network.named_buffers():
            if key.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
        for parameter in network.parameters():
            if parameter.ndim == 1 or parameter.shape[0] == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))


def weights(network, shape, folder):
    randomize(network)
    safetensors.write(f"{folder}/weights.safetensors", network.state_dict())


def export(network, shape, folder):
    weights(network, shape, folder)
    image = torch.randn(shape)
    with torch.no_grad():
        output = network.eval()(image)
    exact_image = image.double().requires_grad_()
    exact_output = network.double()(exact_image)
    probe = torch.randn_like(exact_output)
    (exact_output * probe).sum().backward()
    values = {
        "input": image,
        "output": output,
        "exact_output": exact_output,
        "probe": probe,
        "input_gradient": exact_image.grad,
    }
    safetensors.write(f"{folder}/values.safetensors", values)
    gradients = {name: value.grad for name, value in network.named_parameters() if value.grad is not None}
    safetensors.write(f"{folder}/gradients.safetensors", gradients)


def check(network, shape, folder):
    network.load_state_dict(safetensors.read(f"{folder}/weights.safetensors"), strict=True)
    values = safetensors.read(f"{folder}/values.safetensors")
    with torch.no_grad():
        output = network.eval()(values["input"])
    torch.testing.assert_close(output, values["output"], rtol=1e-3, atol=1e-4)


def answer(command, name, folder):
    torch.manual_seed(5)
    build, shape = NETWORKS[name]
    {"weights": weights, "export": export, "check": check}[command](build(), shape, folder)


# Convolutions of many groups are thousands of small ones in double precision, where threads wait for each other.
torch.set_num_threads(1)
serve.serve(answer)
