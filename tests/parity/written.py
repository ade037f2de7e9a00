"""written.py FOLDER: what pydicom, OpenSlide and nibabel find in the files that test_written.cpp wrote there."""
import pathlib
import sys

import nibabel
import numpy
import openslide
import pydicom
import safetensors
import torch
from pydicom.pixels import pixel_array

folder = pathlib.Path(sys.argv[1])
results = {}


def put(name, values):
    results[name] = torch.from_numpy(numpy.array(values, dtype=numpy.float64))


def put_text(name, text):
    results[name] = torch.tensor(list(str(text).encode()), dtype=torch.uint8)


def take_series(name):
    slices = [pydicom.dcmread(path) for path in sorted((folder / name).glob("*.dcm"))]
    first = slices[0]
    put(f"{name}.values", [s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    put(f"{name}.positions", [s.ImagePositionPatient for s in slices])
    put(f"{name}.orientation", first.ImageOrientationPatient)
    put(f"{name}.spacing", [*first.PixelSpacing, first.SliceThickness])
    put_text(f"{name}.sop_class", first.SOPClassUID.name)
    put_text(f"{name}.patient", first.PatientID)
    put(f"{name}.series", [len({s.SeriesInstanceUID for s in slices}), len({s.SOPInstanceUID for s in slices})])
    return slices


ct = take_series("ct")
put_text("ct.units", ct[0].get("RescaleType", "HU"))  # PS3.3 C.8.2.1: Hounsfield units unless it says otherwise
put("ct.kvp", [ct[0].KVP])

pet = take_series("pet")
injection = pet[0].RadiopharmaceuticalInformationSequence[0]
put_text("pet.units", pet[0].Units)
put_text("pet.decay", pet[0].DecayCorrection)
put("pet.dose", [injection.RadionuclideTotalDose, injection.RadionuclideHalfLife, pet[0].PatientWeight])
put_text("pet.times", f"{injection.RadiopharmaceuticalStartTime} {pet[0].SeriesTime}")

for name in ("plain", "inverted"):
    mammogram = pydicom.dcmread(folder / f"{name}.dcm")
    put(f"{name}.values", mammogram.pixel_array)
    put(f"{name}.spacing", mammogram.ImagerPixelSpacing)
    view = mammogram.ViewCodeSequence[0].CodeMeaning
    put_text(f"{name}.look", f"{mammogram.PhotometricInterpretation} {mammogram.ImageLaterality} {view}")

for name in ("us_none", "us_rle", "us_jpeg"):
    cine = pydicom.dcmread(folder / f"{name}.dcm")
    put(f"{name}.values", pixel_array(folder / f"{name}.dcm"))
    region = cine.SequenceOfUltrasoundRegions[0]
    put(f"{name}.frame_time", [cine.FrameTime])
    put(f"{name}.region", [region.RegionLocationMinX0, region.RegionLocationMinY0,
                           region.RegionLocationMaxX1, region.RegionLocationMaxY1])
    put(f"{name}.delta", [region.PhysicalDeltaX, region.PhysicalDeltaY])
    put(f"{name}.units", [region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection])

for name in ("plain.tif", "aperio.svs"):
    slide = openslide.OpenSlide(folder / name)
    for level, (width, height) in enumerate(slide.level_dimensions):
        picture = slide.read_region((0, 0), level, (width, height)).convert("RGB")
        put(f"{name}.level{level}", numpy.array(picture).transpose(2, 0, 1))
    put(f"{name}.downsamples", slide.level_downsamples)
    put(f"{name}.mpp", [slide.properties["openslide.mpp-x"], slide.properties["openslide.mpp-y"]])
    put_text(f"{name}.vendor", slide.properties["openslide.vendor"])
    put_text(f"{name}.power", slide.properties.get("openslide.objective-power", ""))

for path in sorted(folder.glob("*.nii*")):
    image = nibabel.load(path)
    values = numpy.asanyarray(image.dataobj)
    put(f"{path.name}.values", numpy.atleast_3d(values).transpose())
    put(f"{path.name}.affine", image.affine)
    put(f"{path.name}.zooms", image.header.get_zooms())
    put_text(f"{path.name}.type", values.dtype)
    put_text(f"{path.name}.units", " ".join(image.header.get_xyzt_units()))

safetensors.write(folder / "peers.safetensors", {k: v.contiguous() for k, v in results.items()})
