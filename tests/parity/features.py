"""features.py: files of features as CLAM and TRIDENT write them with h5py, and what h5py and a few lines read of ours."""
import h5py
import numpy
import safetensors
import torch
from serve import serve


def bag(seed, count=700, width=48):
    random = numpy.random.default_rng(seed)
    return random.normal(size=(count, width)).astype("float32"), random.integers(0, 1 << 20, (count, 2))


def clam(file, features, coords):
    """save_hdf5 of CLAM: a chunk a row, data sets that grow."""
    for name, values in (("features", features), ("coords", coords)):
        file.create_dataset(name, data=values, chunks=(1,) + values.shape[1:], maxshape=(None,) + values.shape[1:])
    file["coords"].attrs.update(patch_size=256, patch_level=1, downsample=numpy.array([1.0, 1.0]), name="slide_7")


def trident(file, features, coords):
    """features with a leading axis, half precision, contiguous."""
    file.create_dataset("features", data=features.astype("float16")[None])
    file.create_dataset("coords", data=coords)
    file["coords"].attrs.update(patch_size=512, patch_size_level0=1024, overlap=0, level0_magnification=40, name="slide_7")


def packed(file, features, coords):
    """Guessed chunks, shuffled and packed."""
    file.create_dataset("features", data=features, compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("coords", data=coords, compression="gzip")


def big_endian(file, features, coords):
    file.create_dataset("features", data=features.astype(">f8"))
    file.create_dataset("coords", data=coords.astype(">i4"))


def answer(word, folder):
    kinds = (clam, trident, packed, big_endian)
    if word == "write":
        values = {}
        for seed, kind in enumerate(kinds):
            features, coords = bag(seed)
            with h5py.File(f"{folder}/{kind.__name__}.h5", "w") as file:
                kind(file, features, coords)
                values[kind.__name__ + ".features"] = file["features"][()].reshape(features.shape).astype("float32")
                values[kind.__name__ + ".coords"] = coords
        with h5py.File(f"{folder}/odd.h5", "w") as file:
            file["features"] = h5py.ExternalLink("clam.h5", "features")
        with h5py.File(f"{folder}/virtual.h5", "w") as file:
            layout = h5py.VirtualLayout(shape=(700, 48), dtype="float32")
            layout[:] = h5py.VirtualSource("clam.h5", "features", shape=(700, 48))
            file.create_virtual_dataset("features", layout)
        tensors = {name: torch.from_numpy(array) for name, array in values.items()}
        safetensors.write(f"{folder}/values.safetensors", tensors)
    elif word == "read":
        with h5py.File(f"{folder}/ours.h5") as file:
            assert file["features"].dtype == "float32" and file["coords"].dtype == "int64"
            numpy.testing.assert_array_equal(file["features"][()], numpy.arange(60, dtype="float32").reshape(10, 6) / 8)
            numpy.testing.assert_array_equal(file["coords"][()], numpy.arange(20).reshape(10, 2))
            assert file["coords"].attrs["patch_size"] == 224 and file["coords"].attrs["mpp"] == 0.5
            assert file["features"].attrs["photo51_encoder"] == "abc"
            assert file["features"].maxshape == (None, 6)
        ours = safetensors.read(f"{folder}/ours.safetensors")
        assert torch.equal(ours["features"], torch.arange(60).reshape(10, 6) / 8)
        assert torch.equal(ours["coords"], torch.arange(20).reshape(10, 2))
    else:
        raise ValueError(word)


serve(answer)
