"""4 co-registered NIfTI volumes -> one orientation, 1.5 mm, foreground crop, z-score inside the head, one 4-channel tensor.
usage: preprocess.py FOLDER"""
import glob
import json
import sys
import time

from monai.transforms import (Compose, CropForegroundd, EnsureChannelFirstd, LoadImaged, NormalizeIntensityd, Orientationd,
                              Spacingd)

files = sorted(glob.glob(sys.argv[1] + "/mod*.nii.gz"))
prepare = Compose([LoadImaged("image"), EnsureChannelFirstd("image"), Orientationd("image", "LPS", labels=None),
                   Spacingd("image", (1.5, 1.5, 1.5), mode="bilinear"), CropForegroundd("image", "image"),
                   NormalizeIntensityd("image", nonzero=True, channel_wise=True)])
prepare({"image": files})
times = []
for _ in range(3):
    begin = time.perf_counter()
    prepare({"image": files})
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times)[1]}))
