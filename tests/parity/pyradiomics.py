"""pyradiomics.py FOLDER CASE...: the features that PyRadiomics finds in the FLAIR images of the cases, for
test_radiomics.cpp. FOLDER/variants holds settings as JSON, one a line; found.csv comes into FOLDER."""
import csv
import json
import logging
import pathlib
import sys

import SimpleITK
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.ERROR)
folder = pathlib.Path(sys.argv[1])
variants = (folder / "variants").read_text().splitlines()
with open(folder / "found.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["case", "variant", "name", "value"])
    for case in map(pathlib.Path, sys.argv[2:]):
        image = SimpleITK.ReadImage(str(case / "flair.nii.gz"))
        mask = SimpleITK.ReadImage(str(case / "seg.nii.gz"))
        for number, settings in enumerate(variants):
            extractor = featureextractor.RadiomicsFeatureExtractor(**json.loads(settings))
            for name, value in extractor.execute(image, mask).items():
                if name.startswith("original_"):
                    table.writerow([case.name, number, name, repr(float(value))])
