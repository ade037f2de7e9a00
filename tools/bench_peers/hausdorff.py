"""HD95 of two balls with waves on them in 256^3, as bench_works/hausdorff.cpp makes them.
usage: hausdorff.py monai|surface-distance"""
import json
import sys
import time

import numpy as np


def ball(shift):
    axis = np.arange(256) - 127.5
    z, y, x = axis[:, None, None], axis[None, :, None], axis - shift
    radius = 90 + 6 * np.sin(0.2 * z) * np.sin(0.15 * y + shift)
    return z**2 + y**2 + x**2 <= radius**2


predicted, truth, spacing = ball(5), ball(0), [1.5, 0.8, 0.8]
if sys.argv[1] == "monai":
    import torch
    from monai.metrics import compute_hausdorff_distance

    masks = [torch.from_numpy(mask)[None, None] for mask in (predicted, truth)]
    once = lambda: compute_hausdorff_distance(*masks, include_background=True, percentile=95, spacing=spacing)
else:
    from scipy import ndimage

    np.Inf = np.inf  # it was written for NumPy 1 and an older SciPy
    ndimage.filters = ndimage.morphology = ndimage
    import surface_distance

    once = lambda: surface_distance.compute_robust_hausdorff(
        surface_distance.compute_surface_distances(truth, predicted, spacing), 95)
times = []
for _ in range(2):
    begin = time.perf_counter()
    once()
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": min(times)}))
