"""The peers' networks of all families in networks/, for test_networks.cpp there, which asks for one by its name and a
folder (see serve.py):

export NETWORK FOLDER  makes it with random weights and computes: FOLDER/weights.safetensors is its state dict as it is;
                       FOLDER/values.safetensors has `input` and `output` of single precision, of double precision
                       `exact_output` and, of the sum of that times `probe`, `input_gradient`, and where the network has
                       `exported_stages`, these as `stage0`, ...; FOLDER/gradients.safetensors has the gradients of its
                       parameters.
check NETWORK FOLDER   loads FOLDER/weights.safetensors, strictly, and compares what it makes of `input` in
                       FOLDER/values.safetensors with `output`.
names FILE             writes the names of all networks, a line each."""
import importlib
import pathlib

import safetensors
import serve
import torch
from networks.common import randomize

FAMILIES = pathlib.Path(__file__).with_name("networks")


def networks():
    """All of the families': a network's name, what makes it, and the shape of its input."""
    made = {}
    for file in sorted(FAMILIES.glob("*.py")):
        family = importlib.import_module(f"networks.{file.stem}")
        for name, network in getattr(family, "NETWORKS", {}).items():
            assert name not in made, f"{name} is in two families"
            made[name] = network
    return made


def settle(norm, inputs):
    """Statistics of the size of its input: with any others an image's part in the output fades, or explodes, from norm
    to norm. With those of each channel, of a few places, small differences would, and rounding with them."""
    size = inputs[0].square().mean().sqrt()
    norm.running_mean.normal_(0, 0.1).mul_(size)
    norm.running_var.uniform_(0.5, 1.5).mul_(size.square())


def export(network, shape, folder):
    randomize(network)
    image = torch.randn(shape)
    norms = [module for module in network.modules() if getattr(module, "running_mean", None) is not None]
    hooks = [norm.register_forward_pre_hook(settle) for norm in norms]
    with torch.no_grad():
        output = network.eval()(image)
    for hook in hooks:
        hook.remove()
    safetensors.write(f"{folder}/weights.safetensors", network.state_dict())
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
    if hasattr(network, "exported_stages"):
        with torch.no_grad():
            stages = network.exported_stages(image.double())
        values.update({f"stage{i}": stage for i, stage in enumerate(stages)})
    safetensors.write(f"{folder}/values.safetensors", values)
    gradients = {name: value.grad for name, value in network.named_parameters() if value.grad is not None}
    safetensors.write(f"{folder}/gradients.safetensors", gradients)


def check(network, folder):
    network.load_state_dict(safetensors.read(f"{folder}/weights.safetensors"), strict=True)
    values = safetensors.read(f"{folder}/values.safetensors")
    with torch.no_grad():
        output = network.eval()(values["input"])
    deviation = ((output - values["output"]).abs().max() / values["output"].abs().max()).item()
    assert deviation <= 1e-4, f"deviation {deviation}"  # of an output of 0 not a number, which fails as well


def answer(command, *words):
    if command == "names":
        (file,) = words
        pathlib.Path(file).write_text("".join(f"{name}\n" for name in NETWORKS))
        return
    name, folder = words
    build, shape = NETWORKS[name]
    torch.manual_seed({"export": 5, "check": 6}[command])  # other weights than those that are given back
    if command == "export":
        export(build(), shape, folder)
    else:
        check(build(), folder)


NETWORKS = networks()

# Convolutions of many groups are thousands of small ones in double precision, where threads wait for each other.
torch.set_num_threads(1)
serve.serve(answer)
