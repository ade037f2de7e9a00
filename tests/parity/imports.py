"""imports.py [FOLDER…]: imports whatever the scripts beside it (or in FOLDER) import, and what those packages load only
when they compute. Names all that fail, and exits 1 if any do."""
import ast
import importlib
import pathlib
import sys

# A module that is there although what it is built of is not.
COMPILED = {"radiomics": ["radiomics._cmatrices", "radiomics._cshape", "radiomics.cMatrices", "radiomics.cShape"]}
# What a peer looks for itself, and does without in silence.
WANTED = {"radiomics": ["pywt", "skimage.feature", "trimesh.creation", "scipy.ndimage"]}


def imports(script):
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.module, alias.name) for alias in node.names if alias.name != "*")


def failure(module, name):
    try:
        found = importlib.import_module(module)
        if name is not None and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except BaseException as error:  # a module built for another numpy may raise anything
        return f"{module}{'' if name is None else '.' + name}: {type(error).__name__}: {error}"
    return None


folders = [pathlib.Path(name) for name in sys.argv[1:]] or [pathlib.Path(__file__).resolve().parent]
scripts = sorted(script for folder in folders for script in folder.glob("*.py"))
local = {script.stem for script in scripts}
wanted = {one for script in scripts for one in imports(script) if one[0].split(".")[0] not in local}
for package in {module.split(".")[0] for module, _ in wanted}:
    for module in WANTED.get(package, []):
        wanted.add((module, None))
    for module in COMPILED.get(package, []):
        parent, _, attribute = module.rpartition(".")
        wanted.add((parent, attribute))
failures = [text for one in sorted(wanted, key=str) if (text := failure(*one))]
for text in failures:
    print("cannot be imported:", text, file=sys.stderr)
sys.exit(1 if failures else 0)
