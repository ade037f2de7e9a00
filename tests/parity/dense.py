"""Dense outputs of MONAI, for test_dense.cpp, whose requests (see serve.py) are:

whole NAME FOLDER    one of NETWORKS with random weights: FOLDER/weights.safetensors is its state dict,
                     FOLDER/values.safetensors has, of double precision, `input`, `output`, `probe` and the gradient of the
                     input of the sum of output times probe; FOLDER/gradients.safetensors has those of its parameters
back FOLDER          the same network with FOLDER/ours.safetensors, strictly: `output` into FOLDER/back.safetensors
names FILE           writes the names of NETWORKS, a line each
windows MODE OVERLAP FOLDER    sliding windows over two images with a convolution for a network: FOLDER/windows.safetensors
                               has `images`, `weight`, `output`, and `corners`, where its windows begin"""
import pathlib

import safetensors
import serve
import torch
from networks.common import randomize

WINDOW = (6, 5, 8)
network = image = None


def monai(name, **options):
    from monai.networks import nets

    return getattr(nets, name)(in_channels=2, out_channels=3, **options)


def basic_unet(axes, **options):
    return monai("BasicUNet", spatial_dims=axes, features=(4, 4, 6, 8, 10, 5), **options)


def dynunet(axes, strides, **options):
    options.setdefault("kernel_size", [3] * len(strides))
    return monai("DynUNet", spatial_dims=axes, strides=strides, upsample_kernel_size=strides[1:], **options)


def segresnet(axes, **options):
    return monai("SegResNet", spatial_dims=axes, **options)


def unetr(size, **options):
    sizes = {"hidden_size": 24, "mlp_dim": 48, "num_heads": 3}
    return monai("UNETR", img_size=size, spatial_dims=len(size), **sizes, **options)


def swin_unetr(axes, **options):
    return monai("SwinUNETR", spatial_dims=axes, feature_size=12, **options)


# What makes a network, the shape of its images, and whether it trains. Edges are odd at some level where MONAI's network
# takes such.
NETWORKS = {
    "basic_unet": (lambda: basic_unet(3), (2, 2, 19, 32, 35), False),
    "basic_unet_2d": (lambda: basic_unet(2, norm="batch", bias=False), (2, 2, 37, 22), False),
    "dynunet": (
        lambda: dynunet(
            3,
            [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 1, 2]],
            kernel_size=[[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 5]],
            filters=[4, 6, 8, 10],
        ),
        (2, 2, 8, 12, 16),
        False,
    ),
    "dynunet_residual": (
        lambda: dynunet(
            3,
            [1, 2, 2],
            filters=[4, 6, 8],
            res_block=True,
            trans_bias=True,
            norm_name="batch",
            deep_supervision=True,
        ),
        (1, 2, 8, 12, 16),
        False,
    ),
    "dynunet_2d": (lambda: dynunet(2, [1, 2, 2]), (2, 2, 16, 20), False),
    "dynunet_supervised": (
        lambda: dynunet(3, [1, 2, 2, 2], filters=[4, 6, 8, 10], deep_supervision=True, deep_supr_num=2),
        (2, 2, 16, 8, 16),
        True,
    ),
    "dynunet_supervised_2d": (
        lambda: dynunet(2, [1, 2, [2, 1], 2], filters=[4, 6, 8, 10], deep_supervision=True, res_block=True),
        (2, 2, 16, 24),
        True,
    ),
    "segresnet": (lambda: segresnet(3), (1, 2, 16, 24, 8), False),
    "segresnet_2d": (
        lambda: segresnet(
            2, blocks_down=(1, 2, 1), blocks_up=(2, 1), norm="batch", upsample_mode="deconv", init_filters=4
        ),
        (2, 2, 16, 24),
        False,
    ),
    "unetr": (lambda: unetr((32, 48, 32), feature_size=4), (1, 2, 32, 48, 32), False),
    "unetr_2d": (
        lambda: unetr((32, 48), feature_size=6, norm_name="batch", conv_block=False, res_block=False),
        (2, 2, 32, 48),
        False,
    ),
    "swin_unetr": (lambda: swin_unetr(3), (1, 2, 64, 32, 64), False),
    "swin_unetr_2d": (
        lambda: swin_unetr(
            2, use_v2=True, downsample="mergingv2", norm_name=("instance", {"affine": True}), window_size=4
        ),
        (2, 2, 64, 96),
        False,
    ),
}


def whole(name, folder):
    global network, image
    torch.manual_seed(11)
    build, shape, trains = NETWORKS[name]
    network = build()
    randomize(network)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    network = network.double().train(trains)
    safetensors.write(f"{folder}/weights.safetensors", network.state_dict())
    image = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    output = network(image)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    values = {"input": image, "output": output, "probe": probe, "gradient": image.grad}
    safetensors.write(f"{folder}/values.safetensors", values)
    gradients = {k: v.grad for k, v in network.named_parameters() if v.grad is not None}
    safetensors.write(f"{folder}/gradients.safetensors", gradients)


def back(folder):
    ours = safetensors.read(f"{folder}/ours.safetensors")
    missing, unexpected = network.load_state_dict(ours, strict=False)
    # DynUNet has all of its modules a second time below `skip_layers`.
    assert not unexpected and all(key.startswith("skip_layers.") for key in missing), (missing, unexpected)
    safetensors.write(f"{folder}/back.safetensors", {"output": network(image)})


def names(file):
    pathlib.Path(file).write_text("".join(f"{name}\n" for name in NETWORKS))


def windows(mode, overlap, folder):
    from monai.inferers import sliding_window_inference

    torch.manual_seed(12)
    images = torch.randn(2, 2, 13, 4, 17, dtype=torch.float64)
    weight = torch.randn(3, 2, 3, 3, 3, dtype=torch.float64)
    corners = []

    def of_windows(windows, where):
        corners.extend([places[0].start, *(place.start for place in places[2:])] for places in where)
        return torch.nn.functional.conv3d(windows, weight, padding=1)

    output = sliding_window_inference(images, WINDOW, 3, of_windows, float(overlap), mode, with_coord=True)
    values = {"images": images, "weight": weight, "output": output, "corners": torch.tensor(corners)}
    safetensors.write(f"{folder}/windows.safetensors", values)


def answer(request, *words):
    {"whole": whole, "back": back, "names": names, "windows": windows}[request](*words)


torch.set_num_threads(1)
serve.serve(answer)
