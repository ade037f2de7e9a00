"""MONAI's sliding windows over an image with its BasicUNet, as tools/bench asks for them. `deviation FILE`: how far the output
in FILE is from that of fp32, by its largest value.
usage: sliding_window.py write FOLDER, weights.safetensors and image.safetensors, or fp32|bf16 contiguous|channels_last FOLDER"""
import os
import sys

import steps
import torch
from monai.inferers import sliding_window_inference
from monai.networks.nets import BasicUNet
from safetensors.torch import load_file, save_file

*asked, folder = sys.argv[1:]
if asked == ["write"]:
    torch.manual_seed(0)
    save_file(BasicUNet().state_dict(), os.path.join(folder, "weights.safetensors"))
    save_file({"image": torch.randn(1, 1, 56, 80, 80)}, os.path.join(folder, "image.safetensors"))
    sys.exit()
precision, layout = asked
model = BasicUNet().eval()
model.load_state_dict(load_file(os.path.join(folder, "weights.safetensors")))
image = load_file(os.path.join(folder, "image.safetensors"))["image"]
memory_format = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last_3d}[layout]
model = model.to(memory_format=memory_format)


def run(half):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        return sliding_window_inference(image, 32, 4, lambda part: model(part.to(memory_format=memory_format)), 0.25)


def step():
    run(precision == "bf16")
    return 0


def deviation(file):
    expected = run(False)
    return {"deviation": ((load_file(file)["output"] - expected).abs().max() / expected.abs().max()).item()}


steps.serve(step, deviation=deviation)
