"""One 4 x 128^3 patch -> rotation, scale, translation; elastic deformation; flip; gamma; noise; bias field, each time, on one thread.
usage: augment.py monai|torchio"""
import json
import sys
import time

import torch

torch.set_num_threads(1)
patch = torch.rand(4, 128, 128, 128)
if sys.argv[1] == "monai":
    from monai.transforms import (Compose, Rand3DElastic, RandAdjustContrast, RandAffine, RandBiasField, RandFlip,
                                  RandGaussianNoise)

    augment = Compose([
        RandAffine(prob=1, rotate_range=(0.3,) * 3, scale_range=(0.1,) * 3, translate_range=(8,) * 3, padding_mode="border"),
        Rand3DElastic(sigma_range=(5, 7), magnitude_range=(50, 150), prob=1, padding_mode="border"),
        RandFlip(prob=0.5, spatial_axis=0), RandAdjustContrast(prob=1), RandGaussianNoise(prob=1), RandBiasField(prob=1)])
    once = lambda: augment(patch)
else:
    import torchio

    augment = torchio.Compose([
        torchio.RandomAffine(), torchio.RandomElasticDeformation(), torchio.RandomFlip(), torchio.RandomGamma(),
        torchio.RandomNoise(), torchio.RandomBiasField()])
    once = lambda: augment(torchio.Subject(image=torchio.ScalarImage(tensor=patch)))
once()
times = []
for _ in range(3):
    begin = time.perf_counter()
    once()
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times)[1]}))
