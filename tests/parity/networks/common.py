"""What several families are made by."""


def torchvision_network(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None, num_classes=7)


def timm_network(name, **options):
    import timm

    return timm.create_model(name, num_classes=7, **options)


def monai_network(name, **options):
    from monai.networks import nets

    return getattr(nets, name)(num_classes=7, **options)
