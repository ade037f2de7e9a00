"""intensities.py FOLDER: writes NIfTI volumes and what SimpleITK's N4 and TorchIO's histogram standardisation make of
them, for test_intensities.cpp. Each result is stored as [D, H, W]."""
import sys

import nibabel
import numpy
import safetensors
import SimpleITK
import torch
import torchio
from scipy.ndimage import gaussian_filter

folder = sys.argv[1]
rng = numpy.random.default_rng(5)
results = {}


def head(shape, brightness):
    """Two tissues in an ellipsoid under a smooth field, surrounded by 0; float32."""
    x, y, z = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in shape], indexing="ij")
    inside = (x / 0.7) ** 2 + (y / 0.8) ** 2 + (z / 0.9) ** 2 < 1
    tissue = numpy.where(gaussian_filter(rng.normal(size=shape), 2) > 0, 1.0, 0.6)
    field = numpy.exp(0.4 * x - 0.3 * y * y + 0.2 * z)
    noise = 1 + 0.03 * rng.normal(size=shape)
    return numpy.where(inside, brightness * tissue * field * noise, 0).astype(numpy.float32)


def save(name, voxels):
    path = f"{folder}/{name}.nii.gz"
    nibabel.save(nibabel.Nifti1Image(voxels, numpy.diag([-1.0, -1.0, 2.0, 1.0])), path)
    return path


def corrected(path, shrink, iterations):
    """The recipe of SimpleITK's own N4 example."""
    image = SimpleITK.ReadImage(path, SimpleITK.sitkFloat32)
    mask = SimpleITK.Cast(image > 0, SimpleITK.sitkUInt8)
    filter_ = SimpleITK.N4BiasFieldCorrectionImageFilter()
    filter_.SetMaximumNumberOfIterations(iterations)
    filter_.Execute(SimpleITK.Shrink(image, [shrink] * 3), SimpleITK.Shrink(mask, [shrink] * 3))
    whole = image / SimpleITK.Exp(filter_.GetLogBiasFieldAsImage(image))
    return torch.from_numpy(SimpleITK.GetArrayFromImage(whole).astype(numpy.float32))


SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
path = save("n4", head((45, 50, 26), 400))
results["n4.shrink_2"] = corrected(path, 2, [20, 20])
results["n4.shrink_4"] = corrected(path, 4, [50, 50, 50, 50])

paths = [save(f"scan_{i}", head((24, 28, 20), brightness)) for i, brightness in enumerate((150, 400, 900))]
for name, inside in {"all": None, "foreground": lambda voxels: voxels > 0}.items():
    landmarks = torchio.HistogramStandardization.train(paths, masking_function=inside, progress=False)
    transform = torchio.HistogramStandardization({"scan": landmarks}, masking_method=inside)
    for i, path in enumerate(paths):
        subject = torchio.Subject(scan=torchio.ScalarImage(path))
        results[f"scan_{i}.{name}"] = transform(subject)["scan"].data[0].permute(2, 1, 0).contiguous()
safetensors.write(f"{folder}/peers.safetensors", results)
