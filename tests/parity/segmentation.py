"""Losses and metrics of segmentation by MONAI, surface-distance, SciPy and formulas written out, for
test_segmentation.cpp, whose requests (see serve.py) are:

losses FOLDER           FOLDER/inputs.safetensors has for each number of axes `logits2`, `labels2`, `logits3` and `labels3`;
                        FOLDER/losses.safetensors gets for each loss, in LOSSES, `NAME_AXES`, and `NAME_AXES_gradient` of
                        its logits
distance FOLDER         squared distances of SciPy: FOLDER/distance.safetensors has `objects2`, `spacing2`, ... and gets,
                        in FOLDER/squared.safetensors, `squared2` and `squared3`
metrics FOLDER          FOLDER/masks.safetensors has `predictedN`, `truthN` and `spacingN` of case N = 0, 1, ...;
                        FOLDER/metrics.csv gets case,name,value rows
lesions FOLDER          the same of lesion-wise scores, with dilation and volume from `optionsN`
froc FOLDER             FOLDER/candidates.csv has image,score,lesion rows (lesion -1: none) and FOLDER/images.csv lesions a
                        row; FOLDER/froc.csv gets name,value rows"""
import csv

import numpy as np
import safetensors
import serve
import torch
from scipy import ndimage

np.Inf, np.NaN = np.inf, np.nan  # surface-distance was written for NumPy 1
ndimage.filters = ndimage.morphology = ndimage  # and for an older SciPy


def boundary(logits, labels, spacing):
    """Kervadec et al. 2019, with distances between centres."""
    p = torch.softmax(logits, 1)
    total = 0
    for b in range(logits.shape[0]):
        for k in range(1, logits.shape[1]):
            inside = (labels[b] == k).numpy()
            if inside.any() and not inside.all():
                away = ndimage.distance_transform_edt(~inside, sampling=spacing)
                deep = ndimage.distance_transform_edt(inside, sampling=spacing)
                total = total + (p[b, k] * torch.from_numpy(away - deep)).sum()
    return total / (logits[:, 1:].numel())


def losses_of(axes, classes):
    from monai import losses as monai

    weight = torch.arange(1.0, classes + 1, dtype=torch.float64)
    both = {"softmax": True, "to_onehot_y": True}
    spacing = [2.5, 0.75, 1.5][-axes:]
    return {
        "dice_ce": monai.DiceCELoss(**both),
        "dice_ce_without_background": monai.DiceCELoss(
            include_background=False, batch=True, lambda_dice=0.7, lambda_ce=1.3, smooth_nr=0.1, smooth_dr=0.2, **both
        ),
        "dice_ce_squared": lambda x, y: monai.DiceCELoss(softmax=True, squared_pred=True, label_smoothing=0.1)(
            x, torch.nn.functional.one_hot(y[:, 0]).movedim(-1, 1).double()  # its own are of single precision
        ),
        "dice_ce_jaccard": monai.DiceCELoss(jaccard=True, **both),
        "dice_ce_weighted": monai.DiceCELoss(weight=weight, label_smoothing=0.2, include_background=False, **both),
        "focal": monai.FocalLoss(use_softmax=True, to_onehot_y=True),
        "focal_weighted": monai.FocalLoss(use_softmax=True, to_onehot_y=True, gamma=1.5, alpha=0.8, weight=weight),
        "focal_sigmoid": monai.FocalLoss(to_onehot_y=True, gamma=3.0, alpha=0.8, weight=weight),
        "focal_without_background": monai.FocalLoss(to_onehot_y=True, include_background=False),
        "dice_focal": lambda x, y: monai.DiceLoss(**both)(x, y) + monai.FocalLoss(use_softmax=True, to_onehot_y=True)(x, y),
        "dice_focal_sigmoid": monai.DiceFocalLoss(lambda_dice=0.6, lambda_focal=1.4, gamma=2.5, weight=weight, **both),
        "dice_focal_without_background": monai.DiceFocalLoss(include_background=False, alpha=0.3, **both),
        "tversky": monai.TverskyLoss(**both),
        "tversky_without_background": monai.TverskyLoss(alpha=0.3, beta=0.7, include_background=False, batch=True, **both),
        "boundary": lambda x, y: boundary(x, y[:, 0], spacing),
        "boundary_region": lambda x, y: monai.DiceCELoss(**both)(x, y) + 0.01 * boundary(x, y[:, 0], [1] * axes),
    }


def losses(folder):
    # MONAI computes focal losses, and makes their alpha, in single precision: there is no other way to see them exactly.
    torch.Tensor.float = lambda tensor: tensor.double()
    torch.set_default_dtype(torch.float64)
    inputs, out = safetensors.read(f"{folder}/inputs.safetensors"), {}
    for axes in (2, 3):
        labels = inputs[f"labels{axes}"].long()[:, None]
        classes = inputs[f"logits{axes}"].shape[1]
        for name, loss in losses_of(axes, classes).items():
            logits = inputs[f"logits{axes}"].clone().requires_grad_()
            if name == "dice_ce_weighted":  # its entropy is averaged over the batch: image by image
                value = sum(loss(logits[b : b + 1], labels[b : b + 1]) for b in range(len(logits))) / len(logits)
            else:
                value = loss(logits, labels)
            value.backward()
            out[f"{name}_{axes}"], out[f"{name}_{axes}_gradient"] = value.detach().reshape(1), logits.grad
    safetensors.write(f"{folder}/losses.safetensors", out)


def distance(folder):
    inputs, out = safetensors.read(f"{folder}/distance.safetensors"), {}
    for axes in (2, 3):
        spacing = inputs[f"spacing{axes}"].tolist()
        found = ndimage.distance_transform_edt(inputs[f"objects{axes}"].numpy() == 0, sampling=spacing)
        out[f"squared{axes}"] = torch.from_numpy(found**2)
    safetensors.write(f"{folder}/squared.safetensors", out)


def cases(folder):
    inputs = safetensors.read(f"{folder}/masks.safetensors")
    for case in range(sum(name.startswith("truth") for name in inputs)):
        yield case, *(inputs[f"{kind}{case}"].numpy() for kind in ("predicted", "truth", "spacing", "options"))


def write(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "name", "value"])
        writer.writerows((case, name, repr(float(value))) for case, name, value in rows)


def metrics_of(predicted, truth, spacing, tolerances):
    import surface_distance as deepmind
    from monai import metrics as monai

    found = deepmind.compute_surface_distances(truth, predicted, spacing)
    ours = [torch.from_numpy(mask)[None, None].float() for mask in (predicted, truth)]
    alone = {"include_background": True, "spacing": spacing}
    yield "dice", monai.DiceHelper(include_background=True, threshold=True)(*ours)[0]
    yield "dice_deepmind", deepmind.compute_dice_coefficient(truth, predicted)
    yield "iou", monai.compute_iou(*ours)
    counts = monai.get_confusion_matrix(*ours)
    yield "sensitivity", monai.compute_confusion_matrix_metric("sensitivity", counts)
    yield "precision", monai.compute_confusion_matrix_metric("precision", counts)
    for percentile in (50, 95, 100):
        yield f"cubes_hd{percentile}", deepmind.compute_robust_hausdorff(found, percentile)
        yield f"voxels_hd{percentile}", monai.compute_hausdorff_distance(*ours, percentile=percentile, **alone)
    to_predicted, to_truth = deepmind.compute_average_surface_distance(found)
    area = found["surfel_areas_gt"].sum(), found["surfel_areas_pred"].sum()
    yield "cubes_assd", (to_predicted * area[0] + to_truth * area[1]) / sum(area)
    yield "voxels_assd", monai.compute_average_surface_distance(*ours, symmetric=True, **alone)
    for tolerance in tolerances:
        yield f"cubes_nsd{tolerance:g}", deepmind.compute_surface_dice_at_tolerance(found, tolerance)
        subvoxels = monai.compute_surface_dice(*ours, [tolerance], use_subvoxels=True, **alone)
        yield f"cubes_nsd{tolerance:g}_monai", subvoxels
        yield f"voxels_nsd{tolerance:g}", monai.compute_surface_dice(*ours, [tolerance], **alone)


def metrics(folder):
    rows = []
    for case, predicted, truth, spacing, tolerances in cases(folder):
        found = metrics_of(predicted.astype(bool), truth.astype(bool), spacing.tolist(), tolerances.tolist())
        rows += [(case, name, value) for name, value in found]
    write(f"{folder}/metrics.csv", rows)


def lesion_scores(predicted, truth, spacing, dilation, smallest):
    """Lesion-wise scores as defined by BraTS 2023: true lesions that touch once dilated are one, all predicted ones in
    reach of one are compared with it together."""
    import surface_distance as deepmind

    every = np.ones([3] * truth.ndim)
    wide = truth
    if dilation:
        wide = ndimage.binary_dilation(truth, ndimage.generate_binary_structure(truth.ndim, 2), dilation)
    reach, lesions = ndimage.label(wide, every)
    pieces, count = ndimage.label(predicted, every)
    dices, distances, found, used = [], [], 0, set()
    for lesion in range(1, lesions + 1):
        mask = truth & (reach == lesion)
        touching = set(pieces[reach == lesion]) - {0}
        used |= touching
        if mask.sum() * np.prod(spacing) <= smallest:
            continue
        with_it = np.isin(pieces, list(touching))
        dices.append(2 * (mask & with_it).sum() / (mask.sum() + with_it.sum()))
        surfaces = deepmind.compute_surface_distances(mask, with_it, spacing)
        distances.append(min(374.0, deepmind.compute_robust_hausdorff(surfaces, 95)) if touching else 374.0)
        found += bool(touching)
    extra = count - len(used)
    yield "lesions", len(dices)
    yield "found", found
    yield "false_positives", extra
    yield "dice", sum(dices) / (len(dices) + extra)
    yield "hd95", (sum(distances) + 374 * extra) / (len(dices) + extra)
    yield "f1", 2 * found / (len(dices) + found + extra)


def lesions(folder):
    rows = []
    for case, predicted, truth, spacing, (dilation, smallest) in cases(folder):
        found = lesion_scores(predicted.astype(bool), truth.astype(bool), spacing.tolist(), int(dilation), smallest)
        rows += [(case, name, value) for name, value in found]
    write(f"{folder}/lesions.csv", rows)


def froc(folder):
    from monai.metrics import compute_froc_curve_data, compute_froc_score

    with open(f"{folder}/images.csv") as file:
        lesions = [int(row["lesions"]) for row in csv.DictReader(file)]
    with open(f"{folder}/candidates.csv") as file:
        candidates = [(int(r["image"]), float(r["score"]), int(r["lesion"])) for r in csv.DictReader(file)]
    best = {}
    for image, score, lesion in candidates:
        if lesion >= 0:
            best[image, lesion] = max(score, best.get((image, lesion), score))
    false = np.array([score for _, score, lesion in candidates if lesion < 0])
    rates = [0.125, 0.25, 0.5, 1, 2, 4, 8]
    # By the definition: at each threshold the lesions that are hit and the false positives that are left.
    points = [(0.0, 0.0)]
    for threshold in sorted({score for _, score, _ in candidates}, reverse=True):
        hit = sum(score >= threshold for score in best.values())
        points.append(((false >= threshold).sum() / len(lesions), hit / sum(lesions)))
    out = [(0, f"at_{rate:g}", np.interp(rate, *zip(*points))) for rate in rates]
    out.append((0, "cpm", np.mean([value for _, _, value in out])))
    # MONAI leaves out the lowest score, so it is given one below all.
    low = min(score for _, score, _ in candidates) - 1
    curve = compute_froc_curve_data(np.append(false, low), np.array(list(best.values())), sum(lesions), len(lesions))
    out.append((0, "cpm_monai", compute_froc_score(*curve, tuple(rates))))
    write(f"{folder}/froc.csv", out)


def answer(request, folder):
    float_of = torch.Tensor.float
    try:
        {"losses": losses, "distance": distance, "metrics": metrics, "lesions": lesions, "froc": froc}[request](folder)
    finally:
        torch.Tensor.float = float_of
        torch.set_default_dtype(torch.float32)


torch.set_num_threads(1)
serve.serve(answer)
