"""Files of torch.save, and their values in safetensors, for test_torch_files.cpp."""
import collections

import numpy
import safetensors
import torch
from serve import serve

TYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


def state_dict():
    torch.manual_seed(0)
    shared = torch.randn(5, 6)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))
    state = network.state_dict()  # with torch's own metadata
    state.update({name: torch.randint(0, 2, (3, 2)).to(getattr(torch, name)) for name in TYPES})
    state.update(turned=shared.t(), part=shared[2:4, 1:3], step=shared.flatten()[::7], row=shared[4], scalar=torch.tensor(3.5))
    state.update(empty=torch.zeros(0, 4), parameter=torch.nn.Parameter(shared), one=shared[:1, None])
    return state


def checkpoint(state):
    """As trainers write them, with what is no weight."""
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {
        "network_weights": state,
        "optimizer_state": optimizer.state_dict(),
        "grad_scaler_state": None,
        "logging": collections.OrderedDict(loss=[numpy.float64(0.5), numpy.float32(1), 2.0], best=numpy.arange(3)),
        "epoch": 7,
        "huge": 2**80,
        "init_args": {"shape": torch.Size([1, 2]), "type": torch.float16, "device": torch.device("cpu"), "set": {1, 2}},
    }


def widened(tensor):
    if tensor.dtype in (torch.float64, torch.int64):
        return tensor
    return tensor.to(torch.float64 if tensor.dtype.is_floating_point else torch.int64)


def answer(folder):
    state = state_dict()
    for protocol in (2, 3, 4, 5):
        torch.save(state, f"{folder}/state_{protocol}.pth", pickle_protocol=protocol)
        torch.save(checkpoint(state), f"{folder}/checkpoint_{protocol}.pth", pickle_protocol=protocol)
    torch.save(state, f"{folder}/early.pth", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), f"{folder}/script.pth")
    safetensors.write(f"{folder}/values.safetensors", {name: widened(tensor) for name, tensor in state.items()})


serve(answer)
