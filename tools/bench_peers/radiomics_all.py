"""All feature classes of PyRadiomics on the original image, bin width 25, of images that are read already.
usage: radiomics_all.py IMAGE MASK"""
import json
import logging
import sys
import time

import SimpleITK
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.ERROR)
image, mask = (SimpleITK.ReadImage(path) for path in sys.argv[1:3])
extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25)
extractor.execute(image, mask)
times = []
for _ in range(5):
    begin = time.perf_counter()
    extractor.execute(image, mask)
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times)[2]}))
