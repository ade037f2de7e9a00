"""stain.py SLIDE PICTURE FOLDER: two real tiles and what torchstain makes of them, for test_stain.cpp."""
import sys

import numpy
import openslide
import safetensors
import torch
import torchstain
from PIL import Image

slide, picture, folder = sys.argv[1:]


def planes(image):
    return torch.from_numpy(numpy.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


TILES = {
    "cmu": planes(openslide.OpenSlide(slide).read_region((982, 1355), 0, (224, 224))),
    "crc": planes(Image.open(picture)),
}
results = {}
for name, tile in TILES.items():
    other = TILES["crc" if name == "cmu" else "cmu"]
    results[f"{name}.tile"] = tile.float()
    macenko = torchstain.normalizers.MacenkoNormalizer(backend="torch")
    results[f"{name}.macenko"] = macenko.normalize(tile, stains=False)[0].permute(2, 0, 1).float()
    macenko.fit(tile)
    results[f"{name}.stains"] = macenko.HERef.T.contiguous()
    results[f"{name}.strength"] = macenko.maxCRef
    results[f"{name}.macenko_fitted"] = macenko.normalize(other, stains=False)[0].permute(2, 0, 1).float()
    reinhard = torchstain.normalizers.ReinhardNormalizer(backend="torch")
    reinhard.fit(tile)
    results[f"{name}.mean"] = reinhard.target_means
    results[f"{name}.deviation"] = reinhard.target_stds
    results[f"{name}.reinhard_fitted"] = reinhard.normalize(other).permute(2, 0, 1).float()  # it gives [H, W, 3]
safetensors.write(f"{folder}/torchstain.safetensors", {k: v.contiguous() for k, v in results.items()})
