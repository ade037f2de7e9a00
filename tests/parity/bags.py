"""Pools of bags as their papers write them, one bag after the other, for test_bags.cpp, which asks for one by its name and a
folder (see serve.py):

POOL FOLDER ORDERS  makes it with random weights of double precision: FOLDER/weights.safetensors; FOLDER/values.safetensors
                    has `features` of all bags, `values` [B, width], `attention` where the method has one, `loss.NAME` of the
                    losses that labels ask for, `probe`, and `gradient` of sum(values * probe) + all losses by the features;
                    FOLDER/gradients.safetensors has those of the weights. ORDERS is for dtfd: the instances of each bag as they
                    fall into pseudo-bags, `2,0,1;1,0`."""
import math

import safetensors
import serve
import torch
from torch.nn.functional import conv2d, cross_entropy, gelu, layer_norm, linear, one_hot, pad

LENGTHS = [1, 3, 7, 12]
LABELS = {2: [1, -1, 0, 1], 3: [2, -1, 0, 1]}  # by the number of classes, of each bag; -1: unknown
WIDTH = 6


class Weights(dict):
    """Named tensors, drawn when they are first asked for."""

    def at(self, name, *shape):
        if name not in self:
            self[name] = torch.randn(shape, dtype=torch.float64).mul_(0.5).requires_grad_()
        return self[name]

    def linear(self, name, x, out, bias=True):
        return linear(x, self.at(f"{name}.weight", out, x.shape[-1]), self.at(f"{name}.bias", out) if bias else None)

    def norm(self, name, x):
        width = x.shape[-1]
        return layer_norm(x, [width], self.at(f"{name}.weight", width), self.at(f"{name}.bias", width))


def gated_scores(w, x, hidden, branches=1, prefix=""):
    """Ilse et al. 2018, equation 9 before the softmax."""
    v = torch.tanh(w.linear(f"{prefix}attention_V.0", x, hidden))
    u = torch.sigmoid(w.linear(f"{prefix}attention_U.0", x, hidden))
    return w.linear(f"{prefix}attention_w", v * u, branches)


def max_loss(largest, y):
    """Of a bag's highest scores, one a class; of two classes one."""
    if y < 0:
        return {}
    target = torch.tensor([float(y)]) if len(largest) == 1 else one_hot(torch.tensor(y), len(largest))
    p = torch.sigmoid(largest)
    return {"max": -(target * p.log() + (1 - target) * (1 - p).log()).mean()}


def mi_net(level):
    """Wang et al. 2018: the maximum over the bag of features, or of scores."""

    def pool(w, x, number):
        for layer, out in enumerate([5, 4]):
            x = torch.relu(w.linear(f"fc{layer + 1}", x, out))
        if level == "embedding":
            return x.max(0).values, None
        largest = w.linear("score", x, 3).max(0).values
        return largest, None, max_loss(largest, LABELS[3][number])

    return pool


def abmil(w, x, number):
    """Ilse et al. 2018, equations 7 and 8."""
    a = torch.softmax(w.linear("attention.2", torch.tanh(w.linear("attention.0", x, 4)), 1), 0)
    return (a * x).sum(0), a[:, 0]


def gated_abmil(w, x, number):
    h = torch.relu(w.linear("fc", x, 5))
    a = torch.softmax(gated_scores(w, h, 4), 0)
    return (a * h).sum(0), a[:, 0]


def smooth_svm(scores, targets):
    """Berrada et al. 2018, k = 1, temperature 1: the smooth maximum of margin violations."""
    sums = []
    for s, y in zip(scores, targets):
        violations = [s[j] - s[y] + (1 if j != y else 0) for j in range(len(s))]
        sums.append(torch.log(sum(torch.exp(v) for v in violations)))
    return torch.stack(sums).mean()


def clam(branch_a_class, classes, subtyping, loss, k=2):
    """Lu et al. 2021: attention branches, and the clustering loss of the instances of most and least attention."""

    def pool(w, x, number):
        h = torch.relu(w.linear("fc", x, 4))
        scores = gated_scores(w, h, 3, classes if branch_a_class else 1)
        a = torch.softmax(scores, 0)
        for c in range(classes):
            w.at(f"instance_classifiers.{c}.weight", 2, 4), w.at(f"instance_classifiers.{c}.bias", 2)
        values = (a.t() @ h).flatten()
        y = LABELS[classes][number]
        if y < 0:
            return values, a.mean(1), {}
        count = min(k, len(x))
        total = 0
        for c in range(classes):
            order = torch.argsort(a[:, c if branch_a_class else 0], descending=True)
            if c == y:
                rows, targets = torch.cat([order[:count], order.flip(0)[:count]]), [1] * count + [0] * count
            elif subtyping:
                rows, targets = order[:count], [0] * count
            else:
                continue
            total = total + loss(w.linear(f"instance_classifiers.{c}", h[rows], 2), torch.tensor(targets))
        return values, a.mean(1), {"instance": total / classes if subtyping else total}

    return pool


def dsmil(classes, passing_v):
    """Li et al. 2021, equations 2 to 5."""

    def pool(w, x, number):
        outputs = 1 if classes == 2 else classes
        c = w.linear("i_classifier", x, outputs)
        q = torch.tanh(w.linear("q.2", torch.relu(w.linear("q.0", x, 4)), 4))
        v = torch.relu(w.linear("v", x, WIDTH)) if passing_v else x
        critical = c.argmax(0)
        a = torch.softmax(q @ q[critical].t() / math.sqrt(4), 0)
        largest = c.max(0).values
        values = torch.cat([(a.t() @ v).flatten(), largest])
        return values, a.mean(1), max_loss(largest, LABELS[classes][number])

    return pool


def nystrom(w, name, x, heads, landmarks, iterations):
    """Xiong et al. 2021, with the padding of the code that TransMIL's authors use. The output, and the first token's attention."""
    count, width = x.shape
    run = math.ceil(count / landmarks)
    x = pad(x, (0, 0, run * landmarks - count, 0))
    q, k, v = (t.view(-1, heads, width // heads).transpose(0, 1)
               for t in w.linear(f"{name}.to_qkv", x, 3 * width, bias=False).chunk(3, 1))
    q = q * (width // heads) ** -0.5
    mean = lambda t: torch.stack([part.sum(1) for part in t.split(run, 1)], 1) / run
    q_few, k_few = mean(q), mean(k)
    left = torch.softmax(q @ k_few.transpose(1, 2), 2)
    middle = torch.softmax(q_few @ k_few.transpose(1, 2), 2)
    right = torch.softmax(q_few @ k.transpose(1, 2), 2)
    one = torch.eye(landmarks, dtype=torch.float64)
    z = middle.transpose(1, 2) / (middle.abs().sum(2).max() * middle.abs().sum(1).max())
    for _ in range(iterations):
        az = middle @ z
        z = 0.25 * z @ (13 * one - az @ (15 * one - az @ (7 * one - az)))
    whole = left @ z @ right
    residual = conv2d(v.unsqueeze(0), w.at(f"{name}.res_conv.weight", heads, 1, 33, 1), padding=(16, 0), groups=heads)[0]
    mixed = (whole @ v + residual).transpose(0, 1).reshape(-1, width)
    first = whole[:, -count].mean(0)[-count:]
    return w.linear(f"{name}.to_out.0", mixed, width)[-count:], first


def transmil(w, x, number):
    """Shao et al. 2021, algorithms 1 and 2."""
    width, count = 4, len(x)
    h = torch.relu(w.linear("fc", x, width))
    side = math.ceil(math.sqrt(count))
    more = side * side - count
    h = torch.cat([w.at("cls_token", 1, 1, width)[0], h, h[:more]])
    h = h + nystrom(w, "layer1.attn", w.norm("layer1.norm", h), 2, 2, 6)[0]
    square = h[1:].t().reshape(1, width, side, side)
    pyramid = square
    for name, kernel in [("proj", 7), ("proj1", 5), ("proj2", 3)]:
        weight, bias = w.at(f"pos_layer.{name}.weight", width, 1, kernel, kernel), w.at(f"pos_layer.{name}.bias", width)
        pyramid = pyramid + conv2d(square, weight, bias, padding=kernel // 2, groups=width)
    h = torch.cat([h[:1], pyramid.flatten(2)[0].t()])
    mixed, first = nystrom(w, "layer2.attn", w.norm("layer2.norm", h), 2, 2, 6)
    a = first[1:].clamp_min(0) + 1e-12
    a = torch.cat([a[:more] + a[count:], a[more:count]])
    return w.norm("norm", h + mixed)[0], a / a.sum()


def dtfd(distillation, classes, parts=2, k=1):
    """Zhang et al. 2022, section 3."""

    def pool(w, x, number):
        h = torch.relu(w.linear("fc", x, 4, bias=False))
        scores = gated_scores(w, h, 3, prefix="tier_1.")
        distilled, places, losses, shares = [], [], [], []
        for part in torch.tensor(ORDERS[number]).tensor_split(min(parts, len(x))):
            a = torch.softmax(scores[part], 0)
            aggregated = (a * h[part]).sum(0)
            logits = w.linear("classifier", aggregated, classes)
            cam = torch.softmax((a * h[part]) @ w["classifier.weight"].t(), 1)
            order = torch.argsort(cam[:, 1 if classes == 2 else logits.argmax()], descending=True)
            if distillation == "afs":
                distilled.append(aggregated)
                places.append(part), shares.append(a[:, 0])
            else:
                count = min(k, len(part))
                chosen = [order[:count]] + ([order.flip(0)[:count]] if distillation == "maxmins" else [])
                for at in torch.cat(chosen):
                    distilled.append(h[part[at]])
                    places.append(part[at]), shares.append(1)
            y = LABELS[classes][number]
            if y >= 0:
                losses.append(-torch.log_softmax(logits, 0)[y])
        distilled = torch.stack(distilled)
        a2 = torch.softmax(gated_scores(w, distilled, 3, prefix="tier_2."), 0)
        attention = torch.zeros(len(x), dtype=torch.float64)
        for place, share, of_second in zip(places, shares, a2[:, 0]):
            attention[place] += (share * of_second).detach()
        return (a2 * distilled).sum(0), attention, {"tier_1": torch.stack(losses).mean()} if losses else {}

    return pool


def transformer(w, x, number):
    """Layers with the norm first; the class token's output."""
    width, heads = 4, 2
    h = torch.cat([w.at("cls_token", 1, 1, width)[0], torch.relu(w.linear("fc", x, width))])
    for layer in ["layers.0", "layers.1"]:
        qkv = w.linear(f"{layer}.qkv", w.norm(f"{layer}.norm1", h), 3 * width)
        q, k, v = (t.view(-1, heads, width // heads).transpose(0, 1) for t in qkv.chunk(3, 1))
        a = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(width // heads), 2)
        h = h + w.linear(f"{layer}.proj", (a @ v).transpose(0, 1).reshape(-1, width), width)
        inner = gelu(w.linear(f"{layer}.mlp.fc1", w.norm(f"{layer}.norm2", h), 4 * width))
        h = h + w.linear(f"{layer}.mlp.fc2", inner, width)
    first = a.mean(0)[0, 1:] + 1e-12
    return w.norm("norm", h)[0], first / first.sum()


POOLS = {
    "mi_net_instance": mi_net("instance"),
    "mi_net_embedding": mi_net("embedding"),
    "abmil": abmil,
    "gated_abmil": gated_abmil,
    "clam_sb": clam(False, 2, False, smooth_svm),
    "clam_sb_subtyping": clam(False, 3, True, cross_entropy),
    "clam_mb": clam(True, 3, True, smooth_svm),
    "dsmil": dsmil(2, False),
    "dsmil_passing_v": dsmil(3, True),
    "transmil": transmil,
    "dtfd_afs": dtfd("afs", 2),
    "dtfd_maxs": dtfd("maxs", 2),
    "dtfd_maxmins": dtfd("maxmins", 3),
    "transformer": transformer,
}


def answer(name, folder, orders):
    global ORDERS
    ORDERS = [[int(place) for place in bag.split(",")] for bag in orders.split(";")]
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    weights = Weights()
    features = torch.randn(sum(LENGTHS), WIDTH, requires_grad=True)
    answers = [POOLS[name](weights, bag, number) for number, bag in enumerate(features.split(LENGTHS))]
    tensors = {"features": features, "values": torch.stack([one[0] for one in answers])}
    if answers[0][1] is not None:
        tensors["attention"] = torch.cat([one[1] for one in answers])
    losses = {}
    for one in answers:
        for loss, value in (one[2] if len(one) > 2 else {}).items():
            losses.setdefault(loss, []).append(value)
    total = 0
    for loss, of_bags in losses.items():
        tensors[f"loss.{loss}"] = torch.stack(of_bags).mean()
        total = total + tensors[f"loss.{loss}"]
    tensors["probe"] = torch.randn_like(tensors["values"])
    ((tensors["values"] * tensors["probe"]).sum() + total).backward()
    tensors["gradient"] = features.grad
    safetensors.write(f"{folder}/weights.safetensors", {k: v.detach().clone() for k, v in weights.items()})
    safetensors.write(f"{folder}/values.safetensors", {k: v.detach().contiguous() for k, v in tensors.items()})
    safetensors.write(f"{folder}/gradients.safetensors",
                      {k: v.grad if v.grad is not None else torch.zeros_like(v) for k, v in weights.items()})


torch.set_num_threads(1)
serve.serve(answer)
