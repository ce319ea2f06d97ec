"""Which cell answers for which vehicle, and what a wrong answer costs.

Assignment follows the task-aligned idea (Feng et al., TOOD, arXiv 2108.07755):
among the cells near a vehicle those answer that already score and fit best.
Levels are bounded by size so that small pictures teach the fine level from the
first step. Cells inside an ignored box pay nothing.
"""

import torch
from torch.nn import functional

from network import STRIDES

# sqrt(w * h) in input pixels that each level may answer for; they overlap.
LEVEL_SIZES = ((0.0, 56.0), (22.0, 150.0), (64.0, 1e9))
CANDIDATES = 9
CENTRE_RADIUS = 1.25  # cells around the centre that count as near
SCORE_POWER, IOU_POWER = 0.75, 5.0
BOX_WEIGHT, CLASS_WEIGHT = 5.0, 0.5


def cells(maps):
    """[A, 3] column and row (in input pixels, top left) and stride of every cell."""
    rows = []
    for level, stride in zip(maps, STRIDES):
        height, width = level.shape[2:]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        rows.append(torch.stack([x.flatten() * stride, y.flatten() * stride,
                                 torch.full((height * width,), stride)], 1))
    return torch.cat(rows).float()


def flatten(maps):
    """[B, A, 5 + classes], levels in the order of the strides."""
    return torch.cat([m.flatten(2).transpose(1, 2) for m in maps], 1)


def decode(rows, grid):
    """Corner boxes [B, A, 4] in input pixels."""
    stride = grid[:, 2:3]
    centre = rows[..., :2] * stride + grid[:, :2]
    half = torch.exp(rows[..., 2:4].clamp(max=5.0)) * stride / 2
    return torch.cat([centre - half, centre + half], -1)


def overlap(a, b):
    """IoU and generalised IoU of two broadcastable sets of corner boxes."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    inside = (high - low).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - inside + 1e-6
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1) + 1e-6
    iou = inside / union
    return iou, iou - (hull - union) / hull


@torch.no_grad()
def assign(predicted, score, grid, truth, valid):
    """For every cell: the vehicle it answers for (-1: none) and its target score.

    predicted [B, A, 4], score [B, A] in 0..1, truth [B, G, 4], valid [B, G].
    """
    batch, count = truth.shape[:2]
    anchors = grid.shape[0]
    if count == 0:
        return (torch.full((batch, anchors), -1), torch.zeros(batch, anchors))
    centre = grid[:, :2] + grid[:, 2:] / 2
    stride = grid[:, 2]
    middle = (truth[..., :2] + truth[..., 2:]) / 2
    size = (truth[..., 2:] - truth[..., :2]).clamp(min=0)
    x, y = centre[:, 0], centre[:, 1]
    inside = ((x > truth[..., 0:1]) & (x < truth[..., 2:3]) & (y > truth[..., 1:2]) & (y < truth[..., 3:4]))
    near = ((x - middle[..., 0:1]).abs() < CENTRE_RADIUS * stride) & \
           ((y - middle[..., 1:2]).abs() < CENTRE_RADIUS * stride)
    extent = size.prod(-1, keepdim=True).sqrt()
    level = torch.zeros(batch, count, anchors, dtype=torch.bool)
    for bounds, step in zip(LEVEL_SIZES, STRIDES):
        level |= (extent >= bounds[0]) & (extent < bounds[1]) & (stride == step)
    candidate = (inside | near) & level & valid[..., None]

    iou, _ = overlap(predicted[:, None], truth[:, :, None])
    metric = score[:, None].pow(SCORE_POWER) * iou.pow(IOU_POWER) * candidate
    best, place = metric.topk(min(CANDIDATES, anchors), 2)
    chosen = torch.zeros_like(candidate).scatter_(2, place, best > 0)
    # A cell answers for one vehicle only: the one that it fits best.
    rivals = iou * chosen
    owner = rivals.argmax(1)
    taken = rivals.max(1).values > 0
    share = metric / metric.amax(2, keepdim=True).clamp(min=1e-9)
    # The root keeps small vehicles, whose IoU is never high, from being taught low scores.
    target = share * (iou * chosen).amax(2, keepdim=True).sqrt()
    target = target.gather(1, owner[:, None]).squeeze(1) * taken
    return torch.where(taken, owner, torch.full_like(owner, -1)), target


def loss(maps, truth, classes, valid, ignored):
    """Returns the sum to minimise and its parts.

    truth [B, G, 4], classes [B, G], valid [B, G], ignored [B, I, 4] (unused rows are zero).
    """
    grid = cells(maps)
    rows = flatten(maps)
    boxes = decode(rows, grid)
    owner, target = assign(boxes.detach(), rows[..., 4].detach().sigmoid(), grid, truth, valid)
    positive = owner >= 0

    centre = grid[:, :2] + grid[:, 2:] / 2
    free = torch.ones_like(positive)
    if ignored.shape[1]:
        x, y, margin = centre[:, 0], centre[:, 1], grid[:, 2] / 2
        hidden = ((x > ignored[..., 0:1] - margin) & (x < ignored[..., 2:3] + margin) &
                  (y > ignored[..., 1:2] - margin) & (y < ignored[..., 3:4] + margin) &
                  (ignored[..., 2:3] > ignored[..., 0:1]))
        free = ~hidden.any(1)
    counts = free | positive

    total = target.sum().clamp(min=1.0)
    score = functional.binary_cross_entropy_with_logits(rows[..., 4], target, reduction="none")
    score_loss = (score * counts).sum() / total
    batch_row, cell = positive.nonzero(as_tuple=True)
    which = owner[batch_row, cell]
    weight = target[batch_row, cell]
    _, generalised = overlap(boxes[batch_row, cell], truth[batch_row, which])
    box_loss = ((1 - generalised) * weight).sum() / total
    logits = rows[batch_row, cell, 5:]
    wanted = functional.one_hot(classes[batch_row, which], logits.shape[1]).float()
    by_class = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1)
    class_loss = (by_class * weight).sum() / total
    whole = score_loss + BOX_WEIGHT * box_loss + CLASS_WEIGHT * class_loss
    return whole, {"score": score_loss.item(), "box": box_loss.item(), "class": class_loss.item(),
                   "cells": int(positive.sum())}
