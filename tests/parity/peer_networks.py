"""The peers' networks of all families in networks/, for test_networks.cpp there, which asks for one by its name and a
folder (see serve.py):

weights NETWORK FOLDER  makes it with random weights: FOLDER/weights.safetensors is its state dict as it is.
export NETWORK FOLDER   does so and computes: FOLDER/values.safetensors has `input` and `output` of single precision, of
                        double precision `exact_output` and, of the sum of that times `probe`, `input_gradient`;
                        FOLDER/gradients.safetensors has the gradients of its parameters.
check NETWORK FOLDER    loads FOLDER/weights.safetensors, strictly, and compares what it makes of `input` in
                        FOLDER/values.safetensors with `output`."""
import importlib
import pathlib

import safetensors
import serve
import torch

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
    if hasattr(network, "exported_stages"):
        with torch.no_grad():
            stages = network.exported_stages(image.double())
        values.update({f"stage{i}": stage for i, stage in enumerate(stages)})
    safetensors.write(f"{folder}/values.safetensors", values)
    gradients = {name: value.grad for name, value in network.named_parameters() if value.grad is not None}
    safetensors.write(f"{folder}/gradients.safetensors", gradients)


def check(network, shape, folder):
    network.load_state_dict(safetensors.read(f"{folder}/weights.safetensors"), strict=True)
    values = safetensors.read(f"{folder}/values.safetensors")
    with torch.no_grad():
        output = network.eval()(values["input"])
    deviation = ((output - values["output"]).abs().max() / values["output"].abs().max()).item()
    assert deviation <= 1e-4, deviation


def answer(command, name, folder):
    torch.manual_seed(5)
    build, shape = NETWORKS[name]
    {"weights": weights, "export": export, "check": check}[command](build(), shape, folder)


NETWORKS = networks()

# Convolutions of many groups are thousands of small ones in double precision, where threads wait for each other.
torch.set_num_threads(1)
serve.serve(answer)
