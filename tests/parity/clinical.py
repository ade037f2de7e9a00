"""clinical.py DICOM_FILES FOLDER: SUV, segments and contours worked out from the tags with pydicom alone, for
test_clinical.cpp. Copies of the PET series with another decay correction go to FOLDER."""
import datetime
import math
import pathlib
import sys

import numpy
import pydicom
import safetensors
import torch
from matplotlib.path import Path
from pydicom.pixels import apply_modality_lut, apply_voi_lut

files, folder = map(pathlib.Path, sys.argv[1:])
results = {}


def put(name, values):
    results[name] = torch.from_numpy(numpy.array(values, dtype=numpy.float64))


def moment(date, time):
    return datetime.datetime.strptime(date + time.split(".")[0], "%Y%m%d%H%M%S")


def suv(slices):
    """SUVbw in g/ml, slice by slice: Bq/ml times grams over the dose that is left when the values hold."""
    volume = []
    for s in sorted(slices, key=lambda s: float(s.ImagePositionPatient[2])):
        injection = s.RadiopharmaceuticalInformationSequence[0]
        decay = math.log(2) / float(injection.RadionuclideHalfLife)
        injected = moment(s.SeriesDate, injection.RadiopharmaceuticalStartTime)
        if s.DecayCorrection == "ADMIN":
            elapsed = 0
        elif s.DecayCorrection == "START":
            elapsed = (moment(s.SeriesDate, s.SeriesTime) - injected).total_seconds()
        else:
            # The frame's mean activity is that of the moment at which exp(-decay t) equals its mean.
            duration = float(s.ActualFrameDuration) / 1000
            mean = -math.log((1 - math.exp(-decay * duration)) / (decay * duration)) / decay
            elapsed = (moment(s.AcquisitionDate, s.AcquisitionTime) - injected).total_seconds() + mean
        left = float(injection.RadionuclideTotalDose) * math.exp(-decay * elapsed)
        activity = s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
        volume.append(activity * float(s.PatientWeight) * 1000 / left)
    return numpy.stack(volume)


def read_series(path):
    return [pydicom.dcmread(path) for path in sorted(path.glob("*.dcm"))]


pet = read_series(files / "pet_bqml")
put("start.suv", suv(pet))
for name in ("ADMIN", "NONE"):
    (folder / name.lower()).mkdir()
    for number, s in enumerate(read_series(files / "pet_bqml")):
        s.DecayCorrection = name
        if name == "NONE":  # beds that follow each other
            s.AcquisitionTime = (moment(s.AcquisitionDate, s.AcquisitionTime) +
                                 datetime.timedelta(seconds=240 * (number // 8))).strftime("%H%M%S")
        s.save_as(folder / name.lower() / f"{number:03}.dcm")
    put(f"{name.lower()}.suv", suv(read_series(folder / name.lower())))

for name in ("seg_image_ct_binary", "seg_image_ct_binary_overlap", "seg_image_ct_true_fractional"):
    seg = pydicom.dcmread(files / f"{name}.dcm")
    half = seg.MaximumFractionalValue / 2 if seg.SegmentationType == "FRACTIONAL" else 1
    for segment in seg.SegmentSequence:
        sums = []
        for pixels, groups in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence):
            if groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment.SegmentNumber:
                z = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
                sums.append((z, float((pixels >= half).sum())))
        put(f"{name}#{segment.SegmentNumber}", sorted(sums))

ct = sorted((pydicom.dcmread(path) for path in (files / "ct_rtstruct").glob("0*.dcm")),
            key=lambda s: float(s.ImagePositionPatient[2]))
places = numpy.array([float(s.ImagePositionPatient[2]) for s in ct])
spacing_y, spacing_x = map(float, ct[0].PixelSpacing)
left, top = map(float, ct[0].ImagePositionPatient[:2])
y, x = numpy.mgrid[: ct[0].Rows, : ct[0].Columns]
centres = numpy.column_stack([(left + spacing_x * x).ravel(), (top + spacing_y * y).ravel()])
mask = numpy.zeros((len(ct), ct[0].Rows, ct[0].Columns), bool)
for contour in pydicom.dcmread(files / "ct_rtstruct/rtstruct.dcm").ROIContourSequence[0].ContourSequence:
    points = numpy.array(contour.ContourData, float).reshape(-1, 3)
    slice_ = numpy.abs(places - points[0, 2]).argmin()
    mask[slice_] ^= Path(points[:, :2]).contains_points(centres).reshape(mask.shape[1:])
put("rtstruct.mask", mask)


for path in sorted(files.glob("*.dcm")):
    try:
        image = pydicom.dcmread(path)
        values = apply_modality_lut(image.pixel_array, image)
    except Exception:  # what cannot be decoded is no concern of this
        continue
    if "VOILUTSequence" in image:
        low, high = 0, 2 ** image.VOILUTSequence[0].LUTDescriptor[2] - 1
    elif "WindowCenter" in image and "WindowWidth" in image:
        low = -(2 ** (image.BitsStored - 1)) if image.PixelRepresentation else 0
        high = low + 2**image.BitsStored - 1
        slope, intercept = float(image.get("RescaleSlope", 1)), float(image.get("RescaleIntercept", 0))
        low, high = low * slope + intercept, high * slope + intercept
    else:
        continue
    put(f"{path.name}.voi", (apply_voi_lut(values, image) - low) / (high - low))

safetensors.write(folder / "peers.safetensors", {k: v.contiguous() for k, v in results.items()})
