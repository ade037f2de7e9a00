"""Networks of convolution and attention."""


def torchvision_maxvit():
    from torchvision.models.maxvit import MaxVit

    return MaxVit(
        input_size=(64, 64),
        stem_channels=32,
        partition_size=2,
        block_channels=[32, 64, 96, 128],
        block_layers=[1, 1, 2, 1],
        head_dim=32,
        stochastic_depth_prob=0.0,
        num_classes=7,
    )


def timm_hybrid(name):
    import dataclasses

    from timm.models import maxxvit

    config = maxxvit.model_cfgs[name]
    config = dataclasses.replace(
        config,
        embed_dim=(32, 64, 96, 128),
        depths=(1, 1, 2, 1),
        stem_width=(16, 32),
        head_hidden_size=128 if config.head_hidden_size else None,
    )
    return maxxvit.MaxxVit(config, img_size=(64, 96), num_classes=7)


NETWORKS = {
    "torchvision_maxvit": (torchvision_maxvit, (2, 3, 64, 64)),
    "timm_maxvit_tiny_tf": (lambda: timm_hybrid("maxvit_tiny_tf"), (2, 3, 64, 96)),
    "timm_maxvit_tiny_rw": (lambda: timm_hybrid("maxvit_tiny_rw"), (2, 3, 64, 96)),
    "timm_maxvit_rmlp_small_rw": (lambda: timm_hybrid("maxvit_rmlp_small_rw"), (2, 3, 64, 96)),
    "timm_maxvit_rmlp_base_rw": (lambda: timm_hybrid("maxvit_rmlp_base_rw"), (2, 3, 64, 96)),
    "timm_coatnet_0": (lambda: timm_hybrid("coatnet_0"), (2, 3, 64, 96)),
    "timm_coatnet_0_rw": (lambda: timm_hybrid("coatnet_0_rw"), (2, 3, 64, 96)),
    "timm_coatnet_2_rw": (lambda: timm_hybrid("coatnet_2_rw"), (2, 3, 64, 96)),
    "timm_coatnet_nano_rw": (lambda: timm_hybrid("coatnet_nano_rw"), (2, 3, 64, 96)),
    "timm_coatnet_bn_0_rw": (lambda: timm_hybrid("coatnet_bn_0_rw"), (2, 3, 64, 96)),
    "timm_coatnet_rmlp_1_rw": (lambda: timm_hybrid("coatnet_rmlp_1_rw"), (2, 3, 64, 96)),
    "timm_coatnet_rmlp_2_rw": (lambda: timm_hybrid("coatnet_rmlp_2_rw"), (2, 3, 64, 96)),
}
