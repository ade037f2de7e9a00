"""tools/gpu, as far as a machine without a GPU goes: what is packed and what is refused, and with a Python that has PyTorch all
steps on the CPU, in small. usage: gpu.py pack BUILD PACK | run PACK [PYTHON]; without the Python `run` ends with 77, skipped."""
import json
import os
import subprocess
import sys
import tempfile

GPU = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "gpu")


def gpu(*words, code, says="", **environment):
    """Runs it; it must end with `code` and say `says`."""
    done = subprocess.run([sys.executable, GPU, *words], capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == code and says in done.stdout + done.stderr, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def pack(build, file, folder):
    words = ("--build", build, "--level", "0", "--without-kernels")
    gpu("pack", file, *words, "--limit-mib", "5", code=1, says="and 5 are allowed")
    assert not os.path.exists(file)
    gpu("pack", file, "--build", folder, code=1, says="has no photo51, photo51_bench")
    packed = json.loads(gpu("pack", file, *words, code=0))
    assert packed["mib"] == round(os.path.getsize(file) / 2**20, 1) < 60, packed
    libraries = packed["libraries"]
    assert "libstdc++.so.6" in libraries and any(name.startswith("libphoto51.so") for name in libraries), libraries
    assert not any(name.startswith(("libtorch", "libc10", "libc.so", "libm.so", "ld-")) for name in libraries), libraries

    # What it refuses before it begins.
    other = os.path.join(folder, "other")
    os.mkdir(other)
    with open(os.path.join(other, "torch.py"), "w") as module:
        module.write('__version__ = "2.10.0+cu126"\n')
    result = os.path.join(folder, "result.json")
    run = ("run", "--pack", file, "--out", result, "--device", "cpu", "--python", sys.executable)
    gpu(*run, code=2, says=f"built for PyTorch 2.11, and {sys.executable} has 2.10.0+cu126", PYTHONPATH=other)
    with open(os.path.join(other, "torch.py"), "w") as module:
        module.write('raise ImportError("no torch")\n')
    gpu(*run, code=2, says="has no PyTorch that can be imported", PYTHONPATH=other)
    gpu(*run[:-1], os.path.join(folder, "python"), code=2, says="there is no Python")
    gpu("run", "--pack", os.path.join(folder, "none"), "--out", result, code=2, says="make it with tools/gpu pack")
    assert not os.path.exists(result)


def run(file, python, folder):
    result = os.path.join(folder, "result.json")
    words = ("--pack", file, "--out", result, "--device", "cpu", "--python", python)
    gpu("run", *words, "--minutes", "0.01", code=1, says="failed: loads")
    with open(result) as written:
        assert json.load(written)["steps"][0]["why"] == "no time was left for it"
    gpu("run", *words, code=0, says="without failure")
    with open(result) as written:
        found = json.load(written)
    steps = {step["step"]: step for step in found["steps"]}
    assert found["failures"] == [] and found["versions"]["torch"].startswith("2.11."), found
    assert all(steps[f"train/{family}"]["predictions"] > 0 for family in ("cnn", "transformer", "hybrid", "bag")), steps
    row = steps["train_step/resnet18_3d/bf16"]["row"]
    assert row["ours_s"] > 0 and row["peer_s"] > 0 and row["peer"] == "monai", row
    rows = gpu("table", result, code=0)
    assert "times mean nothing" in rows and "| `train_step/resnet18_3d/bf16` | 2 of 16^3 |" in rows, rows


with tempfile.TemporaryDirectory() as scratch:
    if sys.argv[1] == "pack":
        pack(*sys.argv[2:4], scratch)
    elif len(sys.argv) < 4 or not sys.argv[3]:
        print("skipped: PHOTO51_PEERS_PYTHON names no Python with PyTorch")
        sys.exit(77)
    else:
        run(*sys.argv[2:4], scratch)
