"""Four head-like NIfTI volumes of the size of a BraTS case, the input of several works. usage: make_images.py FOLDER"""
import os
import sys

import nibabel
import numpy
from scipy.ndimage import gaussian_filter

folder, shape = sys.argv[1], (240, 240, 155)
os.makedirs(folder, exist_ok=True)
axes = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in shape], indexing="ij")
head = sum((axis / radius) ** 2 for axis, radius in zip(axes, (0.75, 0.85, 0.9))) < 1
lesion = sum((axis - centre) ** 2 for axis, centre in zip(axes, (0.2, -0.1, 0.1))) < 0.04
for seed in range(4):
    texture = gaussian_filter(numpy.random.default_rng(seed).normal(size=shape).astype(numpy.float32), 3)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    image = numpy.where(head, 400 + 600 * texture + 300 * lesion, 0).astype(numpy.int16)
    nibabel.save(nibabel.Nifti1Image(image, numpy.diag([-1.0, -1.0, 1.0, 1.0])), os.path.join(folder, f"mod{seed}.nii.gz"))
open(os.path.join(folder, "done"), "w").close()
