"""The peers' layers, for test_layers.cpp, which asks for one by its name, how it runs and a folder (see serve.py):

LAYER training|evaluation FOLDER  makes it with random weights: FOLDER/weights.safetensors is its state dict before the
                                  pass; FOLDER/values.safetensors has, of double precision, its inputs `input0` (and
                                  `input1`), `output`, `probe` and, of the sum of output times probe, `gradient0` (and
                                  `gradient1`); FOLDER/gradients.safetensors has the gradients of its parameters."""
import safetensors
import serve
import torch


def attention_gate(dims):
    from monai.networks.nets.attentionunet import AttentionBlock

    return AttentionBlock(spatial_dims=dims, f_int=3, f_g=4, f_l=5)


def non_local():
    from timm.layers import NonLocalAttn

    layer = NonLocalAttn(6, rd_channels=4)
    layer.scale = 4**-0.5  # of the paper's authors, where timm's is of all channels
    return layer


# The layer and the shapes of its inputs; test_layers.cpp has a row of the same name for each.
LAYERS = {
    "attention_gate_2d": (lambda: attention_gate(2), [(2, 4, 6, 7), (2, 5, 6, 7)]),
    "attention_gate_3d": (lambda: attention_gate(3), [(2, 4, 3, 4, 5), (2, 5, 3, 4, 5)]),
    "non_local": (non_local, [(2, 6, 5, 4)]),
}


def answer(name, mode, folder):
    torch.manual_seed(7)
    build, shapes = LAYERS[name]
    layer = build().double().train(mode == "training")
    with torch.no_grad():
        for key, value in layer.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.is_floating_point():
                value.normal_(0, 0.5)
    safetensors.write(f"{folder}/weights.safetensors", {k: v.clone() for k, v in layer.state_dict().items()})
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    output = layer(*inputs)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    values = {"output": output, "probe": probe}
    for number, value in enumerate(inputs):
        values[f"input{number}"] = value
        values[f"gradient{number}"] = value.grad
    safetensors.write(f"{folder}/values.safetensors", values)
    safetensors.write(f"{folder}/gradients.safetensors", {k: v.grad for k, v in layer.named_parameters()})


torch.set_num_threads(1)
serve.serve(answer)
