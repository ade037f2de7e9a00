"""What several families are made by."""
import torch


class Encoder(torch.nn.Module):
    """A mixin: the logits are those of `fc` behind the mean of the last of `exported_stages`. A state dict that is loaded
    may lack what begins with one of `decoder`."""

    def forward(self, image):
        return self.fc(self.exported_stages(image)[-1].flatten(2).mean(2))

    def load_state_dict(self, state, strict=True):
        missing, unexpected = super().load_state_dict(state, strict=False)
        assert not unexpected and all(key.startswith(self.decoder) for key in missing), (missing, unexpected)


def randomize(network):
    """What a network begins with hides differences: scales, biases and tokens of 0, and matrices of a few hundredths,
    whose outputs are lost beside the biases."""
    with torch.no_grad():
        for parameter in network.parameters():
            inputs = parameter.numel() // parameter.shape[0]
            if inputs == 1 or parameter.shape[0] == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            elif parameter.square().mean() < 1 / inputs:
                parameter.normal_(0, inputs**-0.5)


def torchvision_network(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None, num_classes=7)


def timm_network(name, **options):
    import timm

    return timm.create_model(name, num_classes=7, **options)


def monai_network(name, **options):
    from monai.networks import nets

    return getattr(nets, name)(num_classes=7, **options)
