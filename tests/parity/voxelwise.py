"""What PyRadiomics's voxel-based extraction finds, for test_voxelwise.cpp, which asks for it (see serve.py);
peers.safetensors comes into FOLDER:

FOLDER             of a small image, which it writes there
FOLDER IMAGE MASK  of IMAGE, by each of the settings in FOLDER/variants (JSON, or the path of a parameter file, one a
                   line), as name `number.feature`"""
import json
import logging
import pathlib
import warnings

import numpy as np
import safetensors
import serve
import SimpleITK as sitk
import torch
from radiomics import featureextractor, firstorder, glcm, gldm, glrlm, glszm, ngtdm
from scipy.ndimage import gaussian_filter

logging.getLogger("radiomics").setLevel(logging.CRITICAL)
np.seterr(all="ignore")
warnings.simplefilter("ignore")


def by_settings(folder, image_file, mask_file):
    results = {}
    image = sitk.ReadImage(image_file)
    for number, settings in enumerate((pathlib.Path(folder) / "variants").read_text().splitlines()):
        if settings.startswith("{"):
            extractor = featureextractor.RadiomicsFeatureExtractor(**json.loads(settings))
        else:
            extractor = featureextractor.RadiomicsFeatureExtractor(settings)
        for name, found in extractor.execute(image_file, mask_file, voxelBased=True).items():
            if name.startswith("diagnostics_"):
                continue
            whole = np.full(image.GetSize()[::-1], np.nan)
            x, y, z = image.TransformPhysicalPointToIndex(found.GetOrigin())
            values = sitk.GetArrayFromImage(found)
            depth, height, width = values.shape
            whole[z : z + depth, y : y + height, x : x + width] = values
            results[f"{number}.{name}"] = torch.from_numpy(whole)
    safetensors.write(f"{folder}/peers.safetensors", results)


def write(array, path):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.0, 1.5, 2.0))
    sitk.WriteImage(image, path)
    return image


def of_a_small_image(folder):
    rng = np.random.default_rng(4)
    shape = (7, 9, 11)  # z, y, x
    values = np.round(400 * gaussian_filter(rng.normal(size=shape), 0.8)).astype(np.int16)
    z, y, x = np.indices(shape)
    inside = ((z - 3) / 3.2) ** 2 + ((y - 4) / 4) ** 2 + ((x - 5) / 5) ** 2 < 1
    inside[:, 4, 3] = False  # a gap in the rows
    values[inside & (x > 7)] = 40  # cubes of one level
    inside[0, 0, 0] = True  # a voxel alone
    image, mask = write(values, f"{folder}/image.nii.gz"), write(inside.astype(np.uint8), f"{folder}/mask.nii.gz")
    families = {
        "firstorder": firstorder.RadiomicsFirstOrder,
        "glcm": glcm.RadiomicsGLCM,
        "gldm": gldm.RadiomicsGLDM,
        "glrlm": glrlm.RadiomicsGLRLM,
        "glszm": glszm.RadiomicsGLSZM,
        "ngtdm": ngtdm.RadiomicsNGTDM,
    }
    results = {}
    for radius in (1, 2):
        for masked in (True, False):
            for name, family in families.items():
                if not masked and name == "glszm":
                    continue  # its matrix is as wide as the whole image has voxels
                features = family(image, mask, binWidth=25, voxelBased=True, kernelRadius=radius, maskedKernel=masked,
                                  initValue=np.nan)
                features.enableAllFeatures()
                for feature, values in features.execute().items():
                    key = f"{radius}.{'masked' if masked else 'all'}.original_{name}_{feature}"
                    results[key] = torch.from_numpy(sitk.GetArrayFromImage(values).astype(np.float64))
    safetensors.write(f"{folder}/peers.safetensors", results)


def answer(folder, *files):
    if files:
        by_settings(folder, *files)
    else:
        of_a_small_image(folder)


serve.serve(answer)
