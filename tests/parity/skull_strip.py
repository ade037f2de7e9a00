"""deepbet's masks, for test_skull_strip.cpp."""
import pathlib
import shutil

import deepbet
import nibabel
import numpy
import torch
from deepbet.utils import DATA_PATH
from serve import serve

torch.set_num_threads(1)
extraction = deepbet.BrainExtraction(no_gpu=True)


def turned(image):
    """The same head with its axes in another order and direction, and somewhat oblique."""
    codes = nibabel.orientations.axcodes2ornt(("A", "S", "R"))
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), codes)
    image = image.as_reoriented(turn)
    angle = numpy.radians(8)
    rotation = numpy.eye(4)
    rotation[:2, :2] = [[numpy.cos(angle), -numpy.sin(angle)], [numpy.sin(angle), numpy.cos(angle)]]
    return nibabel.Nifti1Image(image.get_fdata(dtype=numpy.float32), rotation @ image.affine)


def answer(what, *words):
    if what == "programs":
        for name in ("model.pt", "bbox_model.pt"):
            shutil.copy(pathlib.Path(DATA_PATH) / "models" / name, words[0])
    elif what == "turn":
        nibabel.save(turned(nibabel.load(words[0])), words[1])
    else:
        head, mask = words
        extraction.run(head, mask_path=mask)


serve(answer)
