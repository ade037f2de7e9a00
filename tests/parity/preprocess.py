"""preprocess.py FOLDER: writes NIfTI volumes and what MONAI makes of them, for test_preprocess.cpp.

Each result is stored as [C, D, H, W] with its affine (index x, y, z to RAS world)."""
import sys

import nibabel
import numpy
import safetensors
import torch
from monai.transforms import (
    Affine,
    Compose,
    CropForeground,
    EnsureChannelFirst,
    Flip,
    LoadImage,
    NormalizeIntensity,
    Orientation,
    ScaleIntensityRange,
    ScaleIntensityRangePercentiles,
    Spacing,
)
from scipy.ndimage import gaussian_filter

folder = sys.argv[1]
rng = numpy.random.default_rng(11)


def head(shape):
    """A smooth int16 blob whose surroundings are 0."""
    grid = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in shape], indexing="ij")
    inside = sum((axis / radius) ** 2 for axis, radius in zip(grid, (0.6, 0.7, 0.55))) < 1
    texture = gaussian_filter(rng.normal(size=shape), 1.5)
    return numpy.where(inside, 500 + 800 * texture, 0).astype(numpy.int16)


AFFINES = {
    "axial": numpy.array([[-1.0, 0, 0, 90], [0, -1.1, 0, 120], [0, 0, 2.5, -30], [0, 0, 0, 1]]),
    "sagittal": numpy.array([[0, 0, 3.0, -40], [-1.2, 0, 0, 60], [0, -0.9, 0, 80], [0, 0, 0, 1]]),
}
SHAPES = {"axial": (44, 38, 21), "sagittal": (40, 42, 19)}
for name, affine in AFFINES.items():
    nibabel.save(nibabel.Nifti1Image(head(SHAPES[name]), affine), f"{folder}/{name}.nii.gz")

results = {}


def keep(name, source, *transforms):
    image = Compose([LoadImage(image_only=True), EnsureChannelFirst(), *transforms])(f"{folder}/{source}.nii.gz")
    results[name] = image.as_tensor().float().permute(0, 3, 2, 1).contiguous()
    results[name + ".affine"] = torch.as_tensor(image.affine).float().contiguous()


def turn_and_scale():
    """Content turned by 10, -20 and 30 degrees about x, y and z, magnified by 1.2 and moved by (3, -2, 1) voxels."""
    x, y, z = numpy.deg2rad([10, -20, 30])
    about_x = [[1, 0, 0], [0, numpy.cos(x), -numpy.sin(x)], [0, numpy.sin(x), numpy.cos(x)]]
    about_y = [[numpy.cos(y), 0, numpy.sin(y)], [0, 1, 0], [-numpy.sin(y), 0, numpy.cos(y)]]
    about_z = [[numpy.cos(z), -numpy.sin(z), 0], [numpy.sin(z), numpy.cos(z), 0], [0, 0, 1]]
    forward = numpy.eye(4)
    forward[:3, :3] = 1.2 * numpy.array(about_z) @ numpy.array(about_y) @ numpy.array(about_x)
    forward[:3, 3] = [3, -2, 1]
    return numpy.linalg.inv(forward)


for source in AFFINES:
    for codes in ("RAS", "LPS"):
        keep(f"{source}.{codes}", source, Orientation(codes, labels=None))
    keep(f"{source}.spacing", source, Orientation("RAS", labels=None), Spacing((1.5, 1.5, 1.5), mode="bilinear"))
    keep(f"{source}.fine", source, Orientation("LPS", labels=None), Spacing((0.7, 0.83, 1.3), mode="bilinear"))
    keep(f"{source}.crop", source, Orientation("LPS", labels=None), CropForeground(allow_smaller=True))
    # At 1.5 mm some samples fall on voxels, where rounding makes MONAI's background 1e-5 and no longer 0.
    keep(
        f"{source}.zscore", source, Orientation("RAS", labels=None), Spacing((1.37,) * 3, mode="bilinear"),
        NormalizeIntensity(nonzero=True, channel_wise=True),
    )
    keep(f"{source}.zscore_all", source, Orientation("LPS", labels=None), NormalizeIntensity())
    keep(
        f"{source}.percentile", source, Orientation("LPS", labels=None),
        ScaleIntensityRangePercentiles(1, 99, 0, 1, clip=True),
    )
    keep(f"{source}.window", source, Orientation("LPS", labels=None), ScaleIntensityRange(200, 900, 0, 1, clip=True))
    keep(f"{source}.flip", source, Orientation("LPS", labels=None), Flip(spatial_axis=(0, 2)))
    keep(
        f"{source}.affine", source, Orientation("LPS", labels=None),
        Affine(affine=turn_and_scale(), padding_mode="zeros", image_only=True),
    )
safetensors.write(f"{folder}/monai.safetensors", results)
