"""One optimiser step (AdamW, cross-entropy). usage: train_step.py resnet18_3d  (2 volumes of 64^3)"""
import json
import sys
import time

import torch
from monai.networks.nets import resnet18

assert sys.argv[1] == "resnet18_3d", sys.argv[1]
torch.manual_seed(0)
model = resnet18(spatial_dims=3, n_input_channels=1, num_classes=2)
images, labels = torch.rand(2, 1, 64, 64, 64), torch.randint(0, 2, (2,))
optimizer = torch.optim.AdamW(model.parameters())


def step():
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()


for _ in range(2):
    step()
times = []
for _ in range(5):
    begin = time.perf_counter()
    step()
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times)[2]}))
