"""Steps of training (AdamW as PyTorch makes it, cross-entropy), as tools/bench asks for them.
usage: train_step.py NETWORK fp32|bf16 contiguous|channels_last BATCH EDGE DEVICE [--compiled]"""
import math
import sys
import time

import steps
import torch


def built(name):
    """The network, its axes and channels."""
    if name == "resnet18_3d":
        from monai.networks.nets import resnet18

        return resnet18(spatial_dims=3, n_input_channels=1, num_classes=2), 3, 1
    if name == "densenet121_3d":
        from monai.networks.nets import DenseNet121

        return DenseNet121(spatial_dims=3, in_channels=1, out_channels=2), 3, 1
    from torchvision import models

    return {"resnet50_2d": models.resnet50, "swin_t_2d": models.swin_t}[name](num_classes=2), 2, 3


name, precision, layout, batch, edge, device = sys.argv[1:7]
torch.manual_seed(0)
model, dims, channels = built(name)
last = torch.channels_last if dims == 2 else torch.channels_last_3d
memory_format = {"contiguous": torch.contiguous_format, "channels_last": last}[layout]
model = model.train().to(device, memory_format=memory_format)
images = torch.rand(int(batch), channels, *[int(edge)] * dims).to(device, memory_format=memory_format)
labels = torch.randint(0, 2, (int(batch),)).to(device)
optimizer = torch.optim.AdamW(model.parameters())
network = torch.compile(model) if "--compiled" in sys.argv[7:] else model


def finished():
    """When all that was asked of the device is done."""
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def step():
    """Seconds in the optimiser."""
    optimizer.zero_grad()
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16"):
        logits = network(images)
    loss = torch.nn.functional.cross_entropy(logits.float(), labels)
    assert math.isfinite(loss.item())
    loss.backward()
    begin = finished()
    optimizer.step()
    return finished() - begin


steps.serve(step)
