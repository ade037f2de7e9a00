"""The features that PyRadiomics finds, for test_radiomics.cpp, which asks for them (see serve.py):

FOLDER      FOLDER/regions names a region a line with its image and mask, FOLDER/variants holds settings as JSON or the
            path of a parameter file, one a line; found.csv comes into FOLDER.
FOLDER odd  The same after making an image and masks of odd shapes in FOLDER, and its regions."""
import csv
import json
import logging
import pathlib
import sys

import numpy
import scipy.ndimage
import scipy.special
import serve
import SimpleITK
from radiomics import featureextractor


def spherical_harmonic(m, n, theta, phi):
    """scipy.special.sph_harm, which PyRadiomics 3.0.1 calls and SciPy 1.17 no longer has: theta is the azimuth."""
    order = abs(m)
    value = scipy.special.lpmv(order, n, numpy.cos(phi))
    if m < 0:
        value = value * (-1.0) ** order * scipy.special.poch(n + order + 1, -2 * order)
    scale = numpy.sqrt((2 * n + 1) / (4 * numpy.pi) * scipy.special.poch(n + m + 1, -2 * m))
    return scale * value * numpy.exp(1j * m * theta)


if not hasattr(scipy.special, "sph_harm"):
    scipy.special.sph_harm = spherical_harmonic
if "scipy.ndimage.interpolation" not in sys.modules:
    sys.modules["scipy.ndimage.interpolation"] = scipy.ndimage
logging.getLogger("radiomics").setLevel(logging.CRITICAL)


def make_odd_regions(folder):
    rng = numpy.random.default_rng(3)
    shape = (9, 14, 15)
    image = SimpleITK.GetImageFromArray(rng.integers(0, 400, shape).astype("int16"))
    image.SetSpacing((1.5, 0.8, 3.0))
    image.SetOrigin((10.5, -7.25, 3.0))
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    masks = {name: numpy.zeros(shape, "uint8") for name in ("slice", "sagittal", "line", "labels")}
    masks["slice"][4, 3:10, 2:11] = 1
    masks["sagittal"][3:6, 3:10, 5] = 1
    for step in range(8):
        masks["line"][step, step + 1, step + 2] = 1
    masks["labels"][2:7, 3:10, 2:11] = 1
    masks["labels"][0, 0, 0] = masks["labels"][8, 12, 13] = 2
    masks["scattered"] = (rng.random(shape) < 0.15).astype("uint8")
    SimpleITK.WriteImage(image, str(folder / "image.nii.gz"))
    signed = SimpleITK.GetImageFromArray(rng.normal(0, 60, shape).astype("int16"))
    signed.CopyInformation(image)
    SimpleITK.WriteImage(signed, str(folder / "signed.nii.gz"))
    with open(folder / "regions", "w") as regions:
        for name, values in masks.items():
            mask = SimpleITK.GetImageFromArray(values)
            mask.CopyInformation(image)
            SimpleITK.WriteImage(mask, str(folder / f"{name}.nii.gz"))
            print(name, folder / "image.nii.gz", folder / f"{name}.nii.gz", file=regions)
        print("signed", folder / "signed.nii.gz", folder / "labels.nii.gz", file=regions)


def answer(folder, *odd):
    folder = pathlib.Path(folder)
    if odd:
        make_odd_regions(folder)
    variants = (folder / "variants").read_text().splitlines()
    with open(folder / "found.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["region", "variant", "name", "value"])
        for line in (folder / "regions").read_text().splitlines():
            region, image, mask = line.split()
            for number, settings in enumerate(variants):
                if not settings.startswith("{"):
                    extractor = featureextractor.RadiomicsFeatureExtractor(settings)
                else:
                    settings = json.loads(settings)
                    types = settings.pop("imageType", {})
                    extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
                    if types:
                        extractor.disableAllImageTypes()
                        extractor.enableImageTypes(**types)
                for name, value in extractor.execute(image, mask).items():
                    if not name.startswith("diagnostics_"):
                        table.writerow([region, number, name, repr(float(value))])


serve.serve(answer)
