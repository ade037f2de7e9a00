"""Parts of detection of torchvision (2D) and MONAI (3D), and weighted box clustering written out, for test_detection.cpp.
Every request (see serve.py) ends in a FOLDER, whose values.safetensors it writes:

anchors LIBRARY        `boxes` of two levels
boxes AXES             `a`, `b`, their `iou`, `giou`; `deltas` of a by b and `decoded` random `codes`, weighted; `scores`,
                       `labels` and what is `kept` of a
matching AXES          `boxes`, `anchors` and by the name of a matcher which anchors learn which
losses                 logits, deltas, anchors and targets of two images, and by the name of a loss of boxes what torchvision's
                       RetinaNet is trained by, with gradients; `focal` of each logit
hard_negatives         `matches`, `scores`, and `negatives` that MONAI takes of them
select LIBRARY         logits, deltas and anchors of one image, and the `boxes`, `scores` and `labels` it is said to have
head LIBRARY NORM OLD  stages of a network, logits, deltas, and gradients of a sum of both by the stages; weights.safetensors
                       has pyramid and head; OLD: by the names of torchvision before 0.13
merge                  `boxes`, `scores`, `window` of windows with `corners` and `sizes`; the boxes that they make"""
from collections import OrderedDict

import numpy
import safetensors
import serve
import torch

GRIDS = {2: ((64, 96), [(8, 12), (4, 6)]), 3: ((16, 32, 24), [(8, 16, 12), (4, 8, 6)])}
SIZES = ((8, 12), (16, 24))


def save(folder, **values):
    safetensors.write(f"{folder}/values.safetensors", {k: v.detach() for k, v in values.items()})


def torchvision_anchors():
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.image_list import ImageList

    size, grids = GRIDS[2]
    generator = AnchorGenerator(SIZES, ((0.5, 1.0, 2.0),) * 2)
    images = ImageList(torch.zeros(1, 3, *size), [size])
    return generator(images, [torch.zeros(1, 1, *grid) for grid in grids])[0]


def monai_anchors(axes=3):
    from monai.apps.detection.utils.anchor_utils import AnchorGenerator

    size, grids = GRIDS[axes]
    ratios = ((1, 1), (0.5, 2), (1, 0.5)) if axes == 3 else (1, 0.5)
    generator = AnchorGenerator(SIZES, (ratios,) * 2)
    return generator(torch.zeros(1, 1, *size), [torch.zeros(1, 1, *grid) for grid in grids])[0]


def anchors(library, folder):
    save(folder, boxes=torchvision_anchors() if library == "torchvision" else monai_anchors())


def random_boxes(count, axes, reach=30.0, edge=20.0):
    near = torch.rand(count, axes) * reach
    return torch.cat([near, near + 1 + torch.rand(count, axes) * edge], 1)


def boxes(axes, folder):
    axes = int(axes)
    torch.manual_seed(axes)
    a, b = random_boxes(300, axes), random_boxes(40, axes)
    scores, labels = (torch.rand(300) * 50).round() / 50, torch.randint(3, (300,))
    weights = (10.0,) * axes + (5.0,) * axes
    codes = torch.randn(40, 2 * axes) * 5
    if axes == 2:
        from torchvision.models.detection._utils import BoxCoder
        from torchvision.ops import batched_nms, box_iou, generalized_box_iou

        iou, giou = box_iou(a, b), generalized_box_iou(a, b)
        scores = torch.rand(300)  # batched_nms of torchvision says nothing of equal ones
        kept = batched_nms(a, scores, labels, 0.3)
        coder = BoxCoder(weights)
    else:
        from monai.apps.detection.utils.box_coder import BoxCoder
        from monai.data.box_utils import batched_nms, box_giou, box_iou

        iou, giou = box_iou(a, b), box_giou(a, b)
        kept = batched_nms(a, scores, labels, 0.3)
        coder = BoxCoder(weights)
    deltas, decoded = coder.encode_single(a[:40], b), coder.decode_single(codes, b)
    save(folder, a=a, b=b, iou=iou, giou=giou, deltas=deltas, codes=codes, decoded=decoded, scores=scores, labels=labels, kept=kept)


def matching(axes, folder):
    from monai.apps.detection.utils.ATSS_matcher import ATSSMatcher
    from torchvision.models.detection._utils import Matcher
    from torchvision.ops import box_iou

    axes = int(axes)
    torch.manual_seed(20 + axes)
    size, grids = GRIDS[axes]
    places = [int(numpy.prod(grid)) for grid in grids]
    there = monai_anchors(axes)
    near = torch.rand(6, axes) * (torch.tensor(size) - 10)
    targets = torch.cat([near, near + 4 + 12 * torch.rand(6, axes)], 1)
    found = {"boxes": targets, "anchors": there}
    for inside in (False, True):
        matcher = ATSSMatcher(4, center_in_gt=inside)
        found["inside" if inside else "atss"] = matcher(targets, there, places, len(there) // sum(places))[1]
    if axes == 2:
        for low_quality in (False, True):
            matches = Matcher(0.5, 0.4, low_quality)(box_iou(targets, there))
            found["low_quality" if low_quality else "iou"] = matches
    save(folder, **found)


def losses(folder):
    from torchvision.models.detection._utils import Matcher
    from torchvision.models.detection.retinanet import RetinaNetHead
    from torchvision.ops import box_iou, sigmoid_focal_loss

    torch.manual_seed(5)
    there = torchvision_anchors().double()
    logits = torch.randn(2, len(there), 3, dtype=torch.float64, requires_grad=True)
    deltas = (torch.randn(2, len(there), 4, dtype=torch.float64) * 0.3).requires_grad_()
    targets = [{"boxes": random_boxes(n, 2).double(), "labels": torch.randint(3, (n,))} for n in (4, 1)]
    matches = [Matcher(0.5, 0.4, True)(box_iou(of["boxes"], there)) for of in targets]
    head = RetinaNetHead(8, 6, 3)
    values = {"logits": logits, "deltas": deltas, "anchors": there, "targets0": targets[0]["boxes"], "targets1": targets[1]["boxes"]}
    values.update({f"labels{i}": targets[i]["labels"] for i in (0, 1)})
    for kind in ("l1", "smooth_l1", "giou"):
        head.regression_head._loss_type = kind
        outputs = {"cls_logits": logits, "bbox_regression": deltas}
        of = head.compute_loss(targets, outputs, [there, there], matches)
        gradients = torch.autograd.grad(sum(of.values()), [logits, deltas])
        values[f"{kind}.classes"], values[f"{kind}.boxes"] = of["classification"][None], of["bbox_regression"][None]
        values[f"{kind}.by_logits"], values[f"{kind}.by_deltas"] = gradients
    values["hits"] = torch.randint(2, logits.shape).double()
    values["focal"] = sigmoid_focal_loss(logits, values["hits"], 0.3, 1.5)
    save(folder, **values)


def hard_negatives(folder):
    from monai.apps.detection.utils.hard_negative_sampler import HardNegativeSampler

    torch.manual_seed(6)
    matches = torch.full((500,), -1)
    matches[[3, 40, 77]] = torch.tensor([0, 1, 1])
    matches[100:110] = -2
    scores = torch.randn(500)
    sampler = HardNegativeSampler(32, 0.25, min_neg=1, pool_size=1)
    _, negatives = sampler([matches + 1], scores)
    save(folder, matches=matches, scores=scores, negatives=torch.where(negatives[0])[0])


def select(library, folder):
    torch.manual_seed(7)
    axes = 2 if library == "torchvision" else 3
    size, grids = GRIDS[axes]
    there = torchvision_anchors() if axes == 2 else monai_anchors()
    logits, deltas = torch.randn(len(there), 2) * 2 - 2, torch.randn(len(there), 2 * axes) * 0.2
    per_place = len(there) // sum(int(numpy.prod(grid)) for grid in grids)
    counts = [int(numpy.prod(grid)) * per_place for grid in grids]
    levels = [values.split(counts) for values in (logits, deltas, there)]
    if axes == 2:
        from torchvision.models.detection import RetinaNet

        backbone = torch.nn.Conv2d(3, 8, 1)
        backbone.out_channels = 8
        network = RetinaNet(backbone, 2, topk_candidates=100, nms_thresh=0.3, detections_per_img=30)
        outputs = {"cls_logits": [of[None] for of in levels[0]], "bbox_regression": [of[None] for of in levels[1]]}
        found = network.postprocess_detections(outputs, [levels[2]], [size])[0]
        boxes, scores, labels = found["boxes"], found["scores"], found["labels"]
    else:
        from monai.apps.detection.utils.box_coder import BoxCoder
        from monai.apps.detection.utils.box_selector import BoxSelector

        coder = BoxCoder((1.0,) * 6)
        selector = BoxSelector(score_thresh=0.05, topk_candidates_per_level=100, nms_thresh=0.3, detections_per_img=30)
        decoded = [coder.decode_single(codes, of) for codes, of in zip(*levels[1:])]
        boxes, scores, labels = selector.select_boxes_per_image(decoded, list(levels[0]), size)
    save(folder, logits=logits, deltas=deltas, anchors=there, boxes=boxes, scores=scores, labels=labels)


class TorchvisionHead(torch.nn.Module):
    def __init__(self, norm):
        from torchvision.models.detection.retinanet import RetinaNetHead
        from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelP6P7

        super().__init__()
        layer = {"none": None, "group": lambda channels: torch.nn.GroupNorm(8, channels)}[norm]
        self.backbone = torch.nn.Module()
        self.backbone.fpn = FeaturePyramidNetwork([3, 5], 16, LastLevelP6P7(5 if norm == "group" else 16, 16))
        self.head = RetinaNetHead(16, 6, 3, norm_layer=layer)

    def forward(self, stages):
        said = self.head(list(self.backbone.fpn(OrderedDict(enumerate(stages))).values()))
        return said["cls_logits"], said["bbox_regression"]


class MonaiHead(torch.nn.Module):
    def __init__(self, norm):
        from monai.apps.detection.networks.retinanet_network import RetinaNet
        from monai.networks.blocks.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool

        class Extractor(torch.nn.Module):
            out_channels = 16

            def __init__(self):
                super().__init__()
                self.fpn = FeaturePyramidNetwork(3, [3, 5], 16, LastLevelMaxPool(3))

            def forward(self, stages):
                named = OrderedDict((str(i), stage) for i, stage in enumerate(stages))
                return list(self.fpn(named).values())

        super().__init__()
        assert norm == "group"
        self.network = RetinaNet(3, 3, 6, Extractor())
        self.state_dict = self.network.state_dict

    def forward(self, stages):
        said = self.network(stages)

        def flat(levels, values):
            parts = [x.unflatten(1, (-1, values)).flatten(3).permute(0, 3, 1, 2).flatten(1, 2) for x in levels]
            return torch.cat(parts, 1)

        return flat(said["classification"], 3), flat(said["box_regression"], 6)


def head(library, norm, old, folder):
    torch.manual_seed(8)
    axes = 2 if library == "torchvision" else 3
    network = (TorchvisionHead if axes == 2 else MonaiHead)(norm).double()
    with torch.no_grad():
        for value in network.parameters():
            value.normal_(0, 0.15)
    sizes = [(11, 16), (6, 8)] if axes == 2 else [(5, 11, 8), (3, 6, 4)]
    stages = [torch.randn(2, c, *size, dtype=torch.float64, requires_grad=True) for c, size in zip((3, 5), sizes)]
    logits, deltas = network(stages)
    probes = torch.randn_like(logits), torch.randn_like(deltas)
    gradients = torch.autograd.grad((logits * probes[0]).sum() + (deltas * probes[1]).sum(), stages)
    state = network.state_dict()
    if old == "old":
        for name in list(state):
            new = name
            for i in range(4):
                new = new.replace(f"_head.conv.{i}.0.", f"_head.conv.{2 * i}.") if f"_head.conv.{i}.0." in name else new
            if "_blocks." in name and "extra" not in name:
                new = new.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
            state[new] = state.pop(name)
    safetensors.write(f"{folder}/weights.safetensors", state)
    save(
        folder,
        stage0=stages[0],
        stage1=stages[1],
        logits=logits,
        deltas=deltas,
        probe_logits=probes[0],
        probe_deltas=probes[1],
        gradient0=gradients[0],
        gradient1=gradients[1],
    )


def merge(folder):
    """Jaeger et al. 2020: boxes of whole voxels, so that the windows over a box can be counted voxel by voxel."""
    generator = numpy.random.default_rng(9)
    shape, size = (24, 28, 32), numpy.array([12, 14, 16])
    corners = [numpy.array([z, y, x]) for z in (0, 6, 12) for y in (0, 7, 14) for x in (0, 8, 16)]
    cover = numpy.zeros(shape)
    for corner in corners:
        cover[tuple(slice(c, c + s) for c, s in zip(corner, size))] += 1
    rows, scores, window = [], [], []
    for place, corner in enumerate(corners):
        for _ in range(generator.integers(0, 9)):
            near = corner + generator.integers(0, size - 3)
            far = numpy.minimum(near + generator.integers(3, 9, 3), corner + size)
            rows.append([*near, *far])
            scores.append(generator.uniform(0.05, 1))
            window.append(place)
    rows, scores, window = numpy.array(rows, float), numpy.array(scores), numpy.array(window)
    volumes = numpy.prod(rows[:, 3:] - rows[:, :3], 1)
    covers = numpy.array([cover[tuple(slice(int(a), int(b)) for a, b in zip(r[:3], r[3:]))].mean() for r in rows])
    middles = (rows[:, :3] + rows[:, 3:]) / 2 - numpy.array(corners)[window] - size / 2
    importance = numpy.exp(-0.5 * (middles / (0.8 * size / 2)) ** 2).mean(1)
    order, merged, merged_scores = numpy.argsort(-scores, kind="stable"), [], []
    while len(order):
        best = order[0]
        shared = numpy.prod(
            numpy.maximum(numpy.minimum(rows[best, 3:], rows[order, 3:]) - numpy.maximum(rows[best, :3], rows[order, :3]), 0), 1
        )
        iou = shared / (volumes[best] + volumes[order] - shared)
        members = order[iou > 0.2]
        weight = iou[iou > 0.2] * volumes[members] * importance[members]
        missing = max(0, covers[members].mean() - len(set(window[members])))
        merged_scores.append((scores[members] * weight).sum() / (weight.sum() + missing * weight.mean()))
        merged.append((rows[members] * (scores[members] * weight)[:, None]).sum(0) / (scores[members] * weight).sum())
        order = order[iou <= 0.2]
    sorted_by = numpy.argsort(-numpy.array(merged_scores), kind="stable")
    save(
        folder,
        boxes=torch.tensor(rows),
        scores=torch.tensor(scores),
        window=torch.tensor(window),
        corners=torch.tensor(numpy.array(corners)),
        size=torch.tensor(size),
        merged=torch.tensor(numpy.array(merged)[sorted_by]),
        merged_scores=torch.tensor(numpy.array(merged_scores)[sorted_by]),
    )


def answer(request, *words):
    requests = (anchors, boxes, matching, losses, hard_negatives, select, head, merge)
    {function.__name__: function for function in requests}[request](*words)


torch.set_num_threads(1)
serve.serve(answer)
