"""augment.py FOLDER: what MONAI, TorchIO, SciPy, torch and torchvision make of one image with given parameters, for test_augment.cpp.

Images are stored as [D, H, W]; the peers see them as [x, y, z] where they take voxel axes in that order."""
import sys

import numpy
import safetensors
import scipy.ndimage
import SimpleITK
import torch
import torchio
import torchvision.transforms.functional as colors
from monai.transforms import AdjustContrast, RandBiasField, RandSimulateLowResolution
from numpy.polynomial import legendre
from scipy.interpolate import BSpline

folder = sys.argv[1]
rng = numpy.random.default_rng(5)
SHAPE = (18, 22, 25)  # z, y, x
noise = scipy.ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.2)
image = torch.tensor((noise / noise.std()).astype(numpy.float32)) + 2
results = {"image": image}


def keep(name, value):
    results[name] = torch.as_tensor(numpy.ascontiguousarray(value)).float().contiguous()


def xyz(volume):
    """[D, H, W] to [1, x, y, z]."""
    return volume.permute(2, 1, 0).unsqueeze(0).contiguous()


def keep_xyz(name, value):
    keep(name, torch.as_tensor(numpy.asarray(value))[0].permute(2, 1, 0))


# Bias field: MONAI's Legendre coefficients, and the same polynomial in powers of x, y and z.
order, field = 3, RandBiasField(prob=1, degree=3)
legendre_coefficients = rng.uniform(-0.2, 0.2, 20)
field._coeff, field._do_transform = legendre_coefficients.tolist(), True
keep_xyz("bias", field(xyz(image), randomize=False))
powers, at = numpy.zeros((4, 4, 4)), 0
for i in range(order + 1):
    for j in range(order + 1 - i):
        for k in range(order + 1 - i - j):
            x, y, z = (legendre.leg2poly([0] * n + [1]) for n in (i, j, k))
            powers[: i + 1, : j + 1, : k + 1] += legendre_coefficients[at] * x[:, None, None] * y[:, None] * z
            at += 1
keep("bias.powers", [powers[i, j, k] for i in range(4) for j in range(4 - i) for k in range(4 - i - j)])

keep_xyz("gamma", AdjustContrast(gamma=1.6)(xyz(image)))
keep_xyz("low_resolution", RandSimulateLowResolution(prob=1, zoom_range=(0.6, 0.6))(xyz(image)))


def by_torchio(name, transform, spacing=(1, 1, 1), origin=(0, 0, 0)):
    affine = numpy.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    subject = torchio.Subject(image=torchio.ScalarImage(tensor=xyz(image), affine=affine))
    keep_xyz(name, transform(subject).image.data)


by_torchio("blur", torchio.Blur(std=(1.7, 1.7, 1.7)), spacing=(1, 1.5, 2.2))
for axis in range(3):
    by_torchio(f"ghosting.{axis}", torchio.Ghosting(num_ghosts=4 + axis, axis=axis, intensity=0.8, restore=None))
by_torchio("spike", torchio.Spike(spikes_positions=numpy.array([[0.3, 0.7, 0.55], [0.52, 0.1, 0.9]]), intensity=0.4))
# TorchIO turns about the world's origin, which is put into the image's centre; it says where a voxel reads, and its
# world is LPS inside: x and y of the affine are mirrored.
spacing = numpy.array([1.0, 1.2, 1.5])
centre = (numpy.array(SHAPE[::-1]) - 1) / 2 * spacing
by_torchio(
    "motion",
    torchio.Motion(degrees=numpy.array([[8.0, 0, 0], [0, 0, -12.0]]), translation=numpy.array([[0, 0, 0], [2.0, -1.0, 3.0]]),
                   times=numpy.array([0.35, 0.8]), image_interpolation="linear"),
    spacing=spacing * [-1, -1, 1], origin=centre * [1, 1, -1])

# Cubic B-spline through a rotation with scale, seen from z, y, x.
turn = numpy.array([[0.93, 0.11, -0.2], [-0.15, 0.8, 0.3], [0.2, -0.25, 0.97]])
offset = numpy.array([1.3, 2.2, -2.4])
keep("turn", turn), keep("offset", offset)
def cubic(mode):
    return scipy.ndimage.affine_transform(image.double().numpy(), turn, offset, SHAPE, order=3, mode=mode, cval=-1.5)


keep("cubic.surround", cubic("grid-constant"))
# Beyond the last voxel SciPy follows the spline of the repeated edge, we repeat the edge: compared inside.
read = numpy.einsum("ij,jzyx->izyx", turn, numpy.indices(SHAPE)) + offset[:, None, None, None]
inside = ((read >= 0) & (read <= numpy.array(SHAPE)[:, None, None, None] - 1)).all(0)
keep("inside", inside), keep("cubic.border", cubic("nearest") * inside)

# Elastic: seven control points an axis, the displacement field from SciPy's B-spline basis, read by torch's grid_sample.
control = rng.uniform(-2, 2, (3, 7, 7, 7)).astype(numpy.float32)  # x, y, z displacement; z, y, x points
keep("control", control)
basis = []
for n in SHAPE:
    places = numpy.arange(n) / (n - 1) * 4
    knots = numpy.arange(-3, 8)
    basis.append(numpy.stack([BSpline(knots, numpy.eye(7)[i], 3)(numpy.minimum(places, 4 - 1e-12)) for i in range(7)], 1))
displacement = numpy.einsum("zi,yj,xk,aijk->azyx", *basis, control)
places = torch.stack(torch.meshgrid(*[torch.arange(n, dtype=torch.float64) for n in SHAPE], indexing="ij")[::-1])
places = places + torch.as_tensor(displacement)
size = torch.tensor(SHAPE[::-1]).view(3, 1, 1, 1)
grid = (2 * places / (size - 1) - 1).permute(1, 2, 3, 0).unsqueeze(0)
for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border"):
        keep(f"elastic.{mode}.{padding}", torch.nn.functional.grid_sample(
            image.double()[None, None], grid, mode, padding, align_corners=True)[0, 0])

picture = torch.tensor(rng.uniform(size=(3, 20, 30)).astype(numpy.float32))
keep("picture", picture)
changed = colors.adjust_saturation(colors.adjust_contrast(colors.adjust_brightness(picture, 1.2), 0.7), 1.5)
keep("colors", colors.adjust_hue(changed, 0.17))
# Transforms as files, and where they take a few points.
points = rng.uniform(-50, 50, (5, 3))
keep("points", points)
affine = SimpleITK.AffineTransform((turn * 1.2).ravel().tolist(), (1.0, -2.0, 3.0), (4.0, 5.0, -6.0))
euler = SimpleITK.Euler3DTransform((7.0, -3.0, 2.0), 0.3, -0.5, 0.9, (1.0, 2.0, 3.0))
euler_zyx = SimpleITK.Euler3DTransform(euler)
euler_zyx.SetComputeZYX(True)
transforms = {
    "affine": affine, "euler": euler, "euler_zyx": euler_zyx,
    "versor": SimpleITK.VersorRigid3DTransform((0.1, 0.6, -0.3), 0.7, (5.0, 6.0, 7.0), (1.0, 1.0, 2.0)),
    "similarity": SimpleITK.Similarity3DTransform(1.3, (0.1, 0.6, -0.3), 0.7, (5.0, 6.0, 7.0), (1.0, 1.0, 2.0)),
    "translation": SimpleITK.TranslationTransform(3, (3.0, 4.0, 5.0)),
    "composite": SimpleITK.CompositeTransform([euler, affine]),
}
for name, transform in transforms.items():
    SimpleITK.WriteTransform(transform, f"{folder}/{name}.tfm")
    keep(f"points.{name}", [transform.TransformPoint(point) for point in points.tolist()])
safetensors.write(f"{folder}/augment.safetensors", results)
