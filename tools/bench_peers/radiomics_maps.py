"""Voxel-based maps of all features of all texture classes and first order, cubes of 3 voxels, bin width 25.
usage: radiomics_maps.py IMAGE MASK"""
import json
import logging
import sys
import time
import warnings

import numpy
import SimpleITK
from radiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm

warnings.simplefilter("ignore")
numpy.seterr(all="ignore")
logging.getLogger("radiomics").setLevel(logging.CRITICAL)
image, mask = (SimpleITK.ReadImage(path) for path in sys.argv[1:3])
# The extractor crops to the region and the kernel, too.
box = SimpleITK.LabelShapeStatisticsImageFilter()
box.Execute(SimpleITK.Cast(mask, SimpleITK.sitkUInt8))
x, y, z, width, height, depth = box.GetBoundingBox(1)
part = tuple(slice(max(0, a - 1), a + n + 1) for a, n in ((x, width), (y, height), (z, depth)))
image, mask = image[part], mask[part]
begin = time.perf_counter()
for family in (firstorder.RadiomicsFirstOrder, glcm.RadiomicsGLCM, gldm.RadiomicsGLDM, glrlm.RadiomicsGLRLM,
               glszm.RadiomicsGLSZM, ngtdm.RadiomicsNGTDM):
    features = family(image, mask, binWidth=25, voxelBased=True, kernelRadius=1, maskedKernel=True, voxelBatch=200)
    features.enableAllFeatures()
    features.execute()
    print(family.__name__, time.perf_counter() - begin, file=sys.stderr)
print(json.dumps({"seconds": time.perf_counter() - begin}))
