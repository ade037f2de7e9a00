"""Networks of torchvision as programs of TorchScript and torch.export, what they give, and their weights, for
test_programs.cpp."""
import safetensors
import torch
import torchvision
from serve import serve


class Stages(torch.nn.Module):
    """A ResNet's feature maps by name."""

    def __init__(self, network):
        super().__init__()
        for name, child in network.named_children():
            if name != "fc":
                setattr(self, name, child)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        one = self.layer1(x)
        two = self.layer2(one)
        three = self.layer3(two)
        return {"layer1": one, "layer2": two, "layer3": three, "layer4": self.layer4(three)}


def answer(folder):
    torch.manual_seed(5)
    network = Stages(torchvision.models.resnet18())
    for key, value in network.named_buffers():
        if key.endswith("running_mean"):
            value.normal_(0, 0.1)
        elif key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    network.eval()
    image = torch.randn(2, 3, 64, 64)
    torch.jit.script(network).save(f"{folder}/script.pt")
    torch.jit.trace(network, image, strict=False).save(f"{folder}/trace.pt")
    dynamic = {"x": {0: torch.export.Dim.DYNAMIC}}
    torch.export.save(torch.export.export(network, (image,), dynamic_shapes=dynamic), f"{folder}/exported.pt2")
    safetensors.write(f"{folder}/weights.safetensors", network.state_dict())
    with torch.no_grad():
        safetensors.write(f"{folder}/stages.safetensors", {"image": image, **network(image)})
    image.requires_grad_()
    (network.train()(image)["layer4"] ** 2).sum().backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    safetensors.write(f"{folder}/gradients.safetensors", {"image": image.grad, **gradients})


torch.set_num_threads(1)
serve(answer)
