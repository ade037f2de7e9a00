"""A fresh process reads one NIfTI, prepares it and prints one probability of a 3D ResNet-18 (stem of stride 2). usage: first_prediction.py IMAGE"""
import sys

import torch
from monai.networks.nets import resnet18
from monai.transforms import Compose, EnsureChannelFirst, LoadImage, NormalizeIntensity, Orientation, Resize, Spacing

prepare = Compose([LoadImage(), EnsureChannelFirst(), Orientation("LPS", labels=None), Spacing((2, 2, 2)),
                   Resize((64, 64, 64)), NormalizeIntensity()])
model = resnet18(spatial_dims=3, n_input_channels=1, num_classes=2, conv1_t_stride=2).eval()
with torch.inference_mode():
    print(torch.softmax(model(prepare(sys.argv[1])[None]), 1)[0, 1].item())
