"""Writes a trained checkpoint as the ONNX file that the `onnx` stage reads.

The graph holds convolutions, ReLU, additions, nearest up-sampling and sigmoids
only. Input "image" [1, 3, H, W], BGR, 0..255. Output "detections"
[1, cells, 5 + classes]: one row per cell, strides 8, 16, 32 in that order, each
row by row: dx, dy, log w, log h (units of the stride), objectness, class
probabilities. x = (dx + column) * stride, w = exp(log w) * stride; score =
objectness * class probability. H and W are free in the file: any multiples of 32.
"""

import argparse
import copy
import pathlib

import cv2
import numpy as np
import torch
from torch import nn

from network import CLASSES, INPUT_SCALE, ConvBlock, Detector


class Exported(nn.Module):
    """The detector with batch norms and input scaling folded away."""

    def __init__(self, detector):
        super().__init__()
        self.net = copy.deepcopy(detector).eval()
        fold_blocks(self.net)
        self.net.stem[0][0].weight.data *= INPUT_SCALE

    def forward(self, image):
        net = self.net
        maps = []
        for feature, box, score in zip(net.pyramid(image), net.box, net.score):
            rows = torch.cat([box(feature), torch.sigmoid(score(feature))], 1)
            maps.append(rows.reshape(1, 5 + len(CLASSES), -1))
        return torch.cat(maps, 2).permute(0, 2, 1)


def fold_blocks(module):
    for name, child in module.named_children():
        if isinstance(child, ConvBlock):
            setattr(module, name, child.folded())
        else:
            fold_blocks(child)


def export(detector, path):
    model = Exported(detector).eval()
    image = torch.zeros(1, 3, 192, 320)
    torch.onnx.export(model, image, str(path), opset_version=11, input_names=["image"],
                      output_names=["detections"], do_constant_folding=True,
                      dynamic_axes={"image": {2: "height", 3: "width"}, "detections": {1: "cells"}})


def check(detector, path):
    """Runs the file in OpenCV at two sizes and compares with the network as it was trained."""
    net = cv2.dnn.readNetFromONNX(str(path))
    for width, height in ((320, 192), (416, 256)):
        image = np.random.default_rng(1).integers(0, 256, (1, 3, height, width)).astype(np.float32)
        net.setInput(image)
        found = net.forward()
        with torch.no_grad():
            maps = detector.eval()(torch.from_numpy(image))
            rows = torch.cat([m.flatten(2).transpose(1, 2) for m in maps], 1)
            rows[..., 4:] = rows[..., 4:].sigmoid()
        worst = float(np.abs(found - rows.numpy()).max())
        print(f"{width}x{height}: output {list(found.shape)}, differs by at most {worst:.1e}")
        if worst > 1e-2:
            raise SystemExit("the exported network is not the trained one")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("onnx", type=pathlib.Path)
    options = parser.parse_args()
    detector = Detector()
    detector.load_state_dict(torch.load(options.checkpoint, map_location="cpu")["ema"])
    export(detector, options.onnx)
    check(detector, options.onnx)


if __name__ == "__main__":
    main()
