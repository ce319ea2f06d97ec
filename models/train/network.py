"""The detector: a residual pyramid of plain 3x3 and 1x1 convolutions.

Why this shape: OpenCV 4.6's DNN runs dense 3x3 convolutions at its full speed
on one CPU thread and depthwise ones far below it, so the network is chosen by
measured milliseconds. Activations are ReLU, batch norms vanish at export.

Input  [B, 3, H, W], BGR, 0..255, H and W multiples of 32.
Output a list of three maps (strides 8, 16, 32) of [B, 5 + classes, H/s, W/s]:
       dx, dy, log w, log h in units of the stride, then the logits of
       objectness ("a vehicle is here, and the box fits") and of each class.
"""

import torch
from torch import nn

CLASSES = ("car", "bus", "truck", "motorcycle", "bicycle")
STRIDES = (8, 16, 32)
# Folded into the stem at export. No mean is taken off: the stem's batch norm
# does that, and only so is the folding exact at the border, which pads zeros.
INPUT_SCALE = 1.0 / 64.0


class ConvBlock(nn.Module):
    """Convolution, batch norm and, unless told otherwise, ReLU."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.relu = nn.ReLU() if relu else nn.Identity()

    def forward(self, x):
        return self.relu(self.norm(self.conv(x)))

    def folded(self):
        """The same block as one convolution with a bias."""
        fused = nn.Conv2d(
            self.conv.in_channels,
            self.conv.out_channels,
            self.conv.kernel_size,
            self.conv.stride,
            self.conv.padding,
        )
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        fused.weight.data = self.conv.weight.data * gain.data[:, None, None, None]
        fused.bias.data = (self.norm.bias - self.norm.running_mean * gain).data
        return nn.Sequential(fused, self.relu)


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels, inner=None):
        super().__init__()
        inner = inner or channels
        self.first = ConvBlock(channels, inner)
        self.second = ConvBlock(inner, channels, relu=False)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(x + self.second(self.first(x)))


class Stage(nn.Sequential):
    """Halves the picture, then refines it with residual blocks."""

    def __init__(self, inputs, outputs, blocks, inner=None):
        super().__init__(
            ConvBlock(inputs, outputs, stride=2),
            *[Residual(outputs, inner) for _ in range(blocks)],
        )


class Detector(nn.Module):
    def __init__(self, stem=(16, 24), widths=(48, 80, 112), blocks=(1, 2, 1), inner=(None, 64, 64),
                 neck=48, classes=len(CLASSES)):
        super().__init__()
        self.stem = nn.Sequential(ConvBlock(3, stem[0], stride=2), ConvBlock(stem[0], stem[1], stride=2))
        self.stage8 = Stage(stem[1], widths[0], blocks[0], inner[0])
        self.stage16 = Stage(widths[0], widths[1], blocks[1], inner[1])
        self.stage32 = Stage(widths[1], widths[2], blocks[2], inner[2])
        self.lateral = nn.ModuleList([ConvBlock(w, neck, 1) for w in widths])
        self.smooth = nn.ModuleList([ConvBlock(neck, neck) for _ in range(2)])
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = nn.ModuleList([ConvBlock(neck, neck) for _ in STRIDES])
        self.box = nn.ModuleList([nn.Conv2d(neck, 4, 1) for _ in STRIDES])
        self.score = nn.ModuleList([nn.Conv2d(neck, 1 + classes, 1) for _ in STRIDES])
        self._initialise()

    def _initialise(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Residual):  # starts as the identity
                nn.init.constant_(module.second.norm.weight, 0.2)
        for box, score in zip(self.box, self.score):
            nn.init.normal_(box.weight, std=0.01)
            nn.init.normal_(score.weight, std=0.01)
            # Centre of the cell, three cells wide; few cells hold a vehicle.
            box.bias.data = torch.tensor([0.5, 0.5, 1.1, 1.1])
            nn.init.constant_(score.bias, -1.0)
            score.bias.data[0] = -4.6

    def pyramid(self, x):
        x8 = self.stage8(self.stem(x))
        x16 = self.stage16(x8)
        x32 = self.stage32(x16)
        p32 = self.lateral[2](x32)
        p16 = self.smooth[1](self.lateral[1](x16) + self.grow(p32))
        p8 = self.smooth[0](self.lateral[0](x8) + self.grow(p16))
        return [head(p) for head, p in zip(self.head, (p8, p16, p32))]

    def forward(self, x):
        features = self.pyramid(x * INPUT_SCALE)
        return [
            torch.cat([box(f), score(f)], 1)
            for f, box, score in zip(features, self.box, self.score)
        ]
