"""Steps of training of gated attention over bags of features, as tools/bench asks for them: one bag after the other, or all
padded to the longest and masked.
usage: mil.py loop|padded fp32|bf16 FEATURES WIDTH SIZE,SIZE…"""
import math
import sys
import time

import steps
import torch
from torch import nn

way, precision, features, width = sys.argv[1:5]
sizes = [int(size) for size in sys.argv[5].split(",")]


class GatedAttention(nn.Module):
    """Ilse et al., ICML 2018."""

    def __init__(self, features, width):
        super().__init__()
        self.attention_V = nn.Sequential(nn.Linear(features, width), nn.Tanh())
        self.attention_U = nn.Sequential(nn.Linear(features, width), nn.Sigmoid())
        self.attention_w = nn.Linear(width, 1)

    def forward(self, bags, mask=None):
        """[..., N, features] to [..., 1, features]."""
        scores = self.attention_w(self.attention_V(bags) * self.attention_U(bags)).transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-2), -math.inf)
        return torch.softmax(scores, -1) @ bags


torch.manual_seed(0)
model = GatedAttention(int(features), int(width))
instances = torch.rand(sum(sizes), int(features)).split(sizes)
mask = None
if way == "padded":
    instances = nn.utils.rnn.pad_sequence(instances, batch_first=True)
    mask = torch.arange(max(sizes)).unsqueeze(0) < torch.tensor(sizes).unsqueeze(1)
optimizer = torch.optim.AdamW(model.parameters())


def step():
    """Seconds in the optimiser."""
    optimizer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        pooled = model(instances, mask) if way == "padded" else torch.stack([model(bag) for bag in instances])
    loss = pooled.float().square().mean()
    assert math.isfinite(loss.item())
    loss.backward()
    begin = time.perf_counter()
    optimizer.step()
    return time.perf_counter() - begin


steps.serve(step)
