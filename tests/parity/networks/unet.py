"""Encoders of networks that outline."""
import torch
from networks.common import Encoder


def monai_encoder(name, width, decoder, exported_stages, **options):
    from monai.networks import nets

    members = {"decoder": decoder, "exported_stages": exported_stages}
    network = type(name, (Encoder, getattr(nets, name)), members)(in_channels=2, **options)
    network.fc = torch.nn.Linear(width, 7)
    return network


def monai_segresnet(name="SegResNet", **options):
    decoder = ("up_layers.", "up_samples.", "conv_final.", "vae_")
    return monai_encoder(name, 64, decoder, lambda self, image: self.encode(image)[1], **options)


def monai_segresnet_ds():
    def stages(self, image):
        return self.encoder(image)

    return monai_encoder("SegResNetDS", 32, ("up_layers.",), stages, init_filters=8, blocks_down=(1, 2, 1))


def mednext_stages(stem, stages, halvings, image):
    found = [stages[0](stem(image))]
    for halve, stage in zip(halvings, stages[1:]):
        found.append(stage(halve(found[-1])))
    return found


def monai_mednext(width, **options):
    def stages(self, image):
        return mednext_stages(self.stem, [*self.enc_stages, self.bottleneck], self.down_blocks, image)

    return monai_encoder("MedNeXt", width, ("up_blocks.", "dec_stages.", "out_0."), stages, **options)


def authors_mednext():
    """By the names of the authors' code, of two halvings, with their norm over channels, and halving blocks as wide inside
    as those behind them."""
    from monai.networks.blocks import mednext_block

    class ChannelNorm(torch.nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(channels))
            self.bias = torch.nn.Parameter(torch.zeros(channels))

        def forward(self, x):
            centred = x - x.mean(1, keepdim=True)
            normed = centred / torch.sqrt(centred.pow(2).mean(1, keepdim=True) + 1e-5)
            return self.weight[:, None, None, None] * normed + self.bias[:, None, None, None]

    class Block(mednext_block.MedNeXtBlock):
        def __init__(self, width, ratio):
            super().__init__(width, width, ratio, 3, global_resp_norm=True)
            self.norm = ChannelNorm(width)
            self.grn_beta = self._parameters.pop("global_resp_beta")
            self.grn_gamma = self._parameters.pop("global_resp_gamma")

        global_resp_beta = property(lambda self: self.grn_beta)
        global_resp_gamma = property(lambda self: self.grn_gamma)

    class Halve(mednext_block.MedNeXtDownBlock):
        def __init__(self, width, ratio):
            super().__init__(width, 2 * width, ratio, 3, True)
            self.norm = ChannelNorm(width)

    class MedNeXt(Encoder):
        decoder = ("up_1.", "dec_block_1.", "out_0.")

        def __init__(self):
            super().__init__()
            self.stem = torch.nn.Conv3d(2, 6, 1)
            self.enc_block_0 = torch.nn.Sequential(Block(6, 2))
            self.down_0 = Halve(6, 3)
            self.enc_block_1 = torch.nn.Sequential(Block(12, 3), Block(12, 3))
            self.down_1 = Halve(12, 4)
            self.bottleneck = torch.nn.Sequential(Block(24, 4))
            self.up_1 = mednext_block.MedNeXtUpBlock(24, 12, 3, 3, True)
            self.dec_block_1 = torch.nn.Sequential(Block(12, 3))
            self.out_0 = mednext_block.MedNeXtOutBlock(6, 2, "3d")
            self.dummy_tensor = torch.nn.Parameter(torch.tensor([1.0]))
            self.fc = torch.nn.Linear(24, 7)

        def exported_stages(self, image):
            stages = [self.enc_block_0, self.enc_block_1, self.bottleneck]
            return mednext_stages(self.stem, stages, [self.down_0, self.down_1], image)

    return MedNeXt()


def vit_stages(vit, image, taken):
    """Hidden states of the layers `taken`, counted from 0 as MONAI does, and the normed last, as maps."""
    x, hidden = vit.patch_embedding(image), []
    if hasattr(vit, "cls_token"):
        x = torch.cat([vit.cls_token.expand(x.shape[0], -1, -1), x], 1)
    for block in vit.blocks:
        x = block(x)
        hidden.append(x)
    patch = vit.patch_size
    grid = [edge // patch for edge in image.shape[2:]]
    first = 1 if hasattr(vit, "cls_token") else 0
    return [
        x[:, first:].transpose(1, 2).unflatten(2, grid) for x in [*(hidden[i] for i in taken), vit.norm(x)]
    ]


def monai_unetr():
    from monai.networks import nets

    class Unetr(Encoder, nets.UNETR):
        decoder = ("encoder", "decoder", "out.")

        def exported_stages(self, image):
            return vit_stages(self.vit, image, (3, 6, 9))

        def fc(self, features):
            return self.vit.classification_head(features)

    sizes = {"feature_size": 4, "hidden_size": 24, "mlp_dim": 48, "num_heads": 3}
    network = Unetr(in_channels=2, out_channels=2, img_size=(32, 48, 32), **sizes)
    network.vit.patch_size = 16
    network.vit.classification_head = torch.nn.Sequential(torch.nn.Linear(24, 7), torch.nn.Tanh())
    return network


def monai_vit(size, **options):
    from monai.networks import nets

    class Vit(nets.ViT):
        patch_size = 8

        def exported_stages(self, image):
            return vit_stages(self, image, (0,))

        def forward(self, image):
            return super().forward(image)[0]

    sizes = {"hidden_size": 24, "mlp_dim": 48, "num_layers": 2, "num_heads": 3, "classification": True, "num_classes": 7}
    return Vit(2, size, 8, spatial_dims=len(size), **sizes, **options)


def monai_basic_unet(features, **options):
    def stages(self, image):
        found = [self.conv_0(image)]
        for down in (self.down_1, self.down_2, self.down_3, self.down_4):
            found.append(down(found[-1]))
        return found

    decoder = ("upcat_", "final_conv.")
    return monai_encoder("BasicUNet", features[4], decoder, stages, features=features, **options)


def monai_dynunet(strides, kernels, **options):
    def stages(self, image):
        found = [self.input_block(image)]
        for down in (*self.downsamples, self.bottleneck):
            found.append(down(found[-1]))
        return found

    decoder = ("upsamples.", "output_block.", "deep_supervision_heads.", "skip_layers.")
    sizes = {"kernel_size": kernels, "strides": strides, "upsample_kernel_size": strides[1:], "out_channels": 2}
    filters = (4, 6, 8, 10)[: len(strides)]
    return monai_encoder("DynUNet", filters[-1], decoder, stages, filters=filters, **sizes, **options)


NETWORKS = {
    "monai_dynunet": (
        lambda: monai_dynunet(
            [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 1]],
            [[1, 3, 3], [3, 3, 3], [3, 3, 5], [3, 3, 3]],
            spatial_dims=3,
            deep_supervision=True,
        ),
        (1, 2, 8, 16, 16),
    ),
    "monai_dynunet_2d_residual": (
        lambda: monai_dynunet([1, 2, 2], [3, 3, 3], spatial_dims=2, res_block=True, norm_name="batch"),
        (2, 2, 24, 16),
    ),
    "monai_segresnet": (monai_segresnet, (1, 2, 17, 24, 32)),
    "monai_segresnet_2d_batch": (lambda: monai_segresnet(spatial_dims=2, norm="batch"), (2, 2, 33, 40)),
    "monai_segresnet_vae": (
        lambda: monai_segresnet("SegResNetVAE", input_image_size=(16, 16, 16)),
        (1, 2, 16, 16, 16),
    ),
    "monai_segresnet_ds": (monai_segresnet_ds, (1, 2, 16, 16, 24)),
    "monai_mednext": (
        lambda: monai_mednext(128, init_filters=8, use_residual_connection=True, kernel_size=3),
        (1, 2, 32, 16, 17),
    ),
    "monai_mednext_2d": (
        lambda: monai_mednext(
            32,
            spatial_dims=2,
            init_filters=8,
            kernel_size=5,
            encoder_expansion_ratio=(2, 3),
            bottleneck_expansion_ratio=4,
            blocks_down=(1, 2),
            blocks_bottleneck=1,
            blocks_up=(1, 1),
            global_resp_norm=True,
        ),
        (2, 2, 24, 33),
    ),
    "authors_mednext": (authors_mednext, (2, 2, 8, 11, 12)),
    "monai_unetr": (monai_unetr, (1, 2, 32, 48, 32)),
    "monai_unetr_vit": (lambda: monai_vit((16, 8, 24), qkv_bias=True), (2, 2, 16, 8, 24)),
    "monai_unetr_vit_perceptron": (
        lambda: monai_vit((16, 8, 24), proj_type="perceptron", pos_embed_type="sincos"),
        (2, 2, 16, 8, 24),
    ),
    "monai_unetr_vit_2d": (
        lambda: monai_vit((16, 24), proj_type="perceptron", pos_embed_type="sincos"),
        (2, 2, 16, 24),
    ),
    "monai_basic_unet": (lambda: monai_basic_unet((32, 32, 64, 128, 256, 32)), (1, 2, 35, 16, 32)),
    "monai_basic_unet_2d_batch": (
        lambda: monai_basic_unet((8, 8, 16, 16, 32, 8), spatial_dims=2, norm="batch", bias=False),
        (2, 2, 48, 39),
    ),
}
