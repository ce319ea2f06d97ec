"""Trains the detector from random numbers, or goes on from a network of ours with --from.

Seeded and resumable: sample n depends on the seed and n alone, and a checkpoint
holds weights, averaged weights, optimiser and progress. The run ends after
--steps, or after --minutes of training if that comes first; the learning rate
falls along whichever of the two is further.
"""

import argparse
import copy
import datetime
import json
import math
import pathlib
import tempfile
import time

import cv2
import numpy as np
import torch
import torch.distributed
import torch.multiprocessing

import augment
import pictures
from loss import loss
from network import INPUT_SCALE, ConvBlock, Detector

WARM_UP_STEPS = 300
AVERAGE_DECAY = 0.998
CHECKPOINT_STEPS = 50
# Width and height of the batches, in turn: the first brings most pictures a second, the second is what
# the network is run at.
SIZES = ((320, 192), (320, 192), (320, 192), (416, 256))
CALIBRATION_SAMPLES = 256


def collate(samples):
    images = torch.from_numpy(np.stack([s[0] for s in samples])).permute(0, 3, 1, 2)
    most = max(len(s[1]) for s in samples)
    most_ignored = max(len(s[2]) for s in samples)
    truth = torch.zeros(len(samples), most, 4)
    classes = torch.zeros(len(samples), most, dtype=torch.long)
    valid = torch.zeros(len(samples), most, dtype=torch.bool)
    ignored = torch.zeros(len(samples), most_ignored, 4)
    for row, (_, boxes, ignore) in enumerate(samples):
        truth[row, :len(boxes)] = torch.from_numpy(boxes[:, :4])
        classes[row, :len(boxes)] = torch.from_numpy(boxes[:, 4]).long()
        valid[row, :len(boxes)] = True
        ignored[row, :len(ignore)] = torch.from_numpy(ignore)
    return images, truth, classes, valid, ignored


class Average:
    """Moving average of the weights: what is exported."""

    def __init__(self, model):
        self.model = copy.deepcopy(model).eval()

    @torch.no_grad()
    def update(self, model, step):
        decay = AVERAGE_DECAY * (1 - math.exp(-(step + 1) / 300))
        current = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                value.mul_(decay).add_(current[name], alpha=1 - decay)
            else:
                value.copy_(current[name])


@torch.no_grad()
def begin_from(path, model, images):
    """Gives the model the weights of an exported file, in which the batch norms are folded away.

    Each batch norm gets its channel's mean and spread over `images`, and the gain and shift that undo
    them: the network says what the file says, and can be trained further.
    """
    net = cv2.dnn.readNetFromONNX(str(path))
    layers = [net.getLayer(name) for name in net.getLayerNames()]
    folded = iter([[torch.from_numpy(b.copy()) for b in layer.blobs] for layer in layers
                   if layer.type == "Convolution"])

    def take(module, inputs):  # called in the order of the layers, which is that of the file
        weight, bias = next(folded)
        if module is model.stem[0]:
            weight = weight / INPUT_SCALE
        if isinstance(module, torch.nn.Conv2d):
            module.weight.copy_(weight)
            module.bias.copy_(bias.flatten())
            return
        # As long as random weights are: how fast a layer learns depends on it.
        conv, norm = module.conv, module.norm
        shrink = conv.weight.flatten(1).norm(dim=1).mean() / weight.flatten(1).norm(dim=1).clamp(min=1e-6)
        conv.weight.copy_(weight * shrink[:, None, None, None])
        made = conv(inputs[0])
        norm.running_mean.copy_(made.mean((0, 2, 3)))
        norm.running_var.copy_(made.var((0, 2, 3)))
        norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps) / shrink)
        norm.bias.copy_(bias.flatten() + norm.running_mean / shrink)

    hooks = [m.register_forward_pre_hook(take) for m in model.modules()
             if isinstance(m, ConvBlock) or isinstance(m, torch.nn.Conv2d) and m.bias is not None]
    model.eval()(images)
    for hook in hooks:
        hook.remove()


class Peers:
    """The processes that share a batch: one thread each, they meet once a step.

    On a machine that others use too this loses far less than threads that
    meet within every layer.
    """

    def __init__(self, rank, count, meeting):
        self.rank, self.count = rank, count
        if count > 1:
            torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank,
                                                 world_size=count, timeout=datetime.timedelta(hours=1))

    def mean_gradients(self, parameters, spent_s):
        """Averages the gradients in place; returns the average of the time spent."""
        if self.count == 1:
            return spent_s
        flat = torch.cat([p.grad.flatten() for p in parameters] + [torch.tensor([spent_s])])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        place = 0
        for parameter in parameters:
            size = parameter.numel()
            parameter.grad.copy_(flat[place:place + size].view_as(parameter))
            place += size
        return flat[-1].item()


def train(rank, options, meeting):
    peers = Peers(rank, options.processes, meeting)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    local = options.batch // options.processes

    index, pixels = pictures.load(options.pack)
    samples = augment.Samples(index, pixels, options.seed)
    model = Detector()
    checkpoint = options.run / "checkpoint.pt"
    if options.begin and not checkpoint.exists():
        calibration = [samples.sample(n, *SIZES[0]) for n in range(CALIBRATION_SAMPLES)]
        begin_from(options.begin, model, collate(calibration)[0].float())
    model = model.to(memory_format=torch.channels_last)
    average = Average(model)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    parameters = decayed + plain
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": options.decay},
                                   {"params": plain, "weight_decay": 0.0}], lr=options.rate)
    step, spent_s = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        model.load_state_dict(state["model"])
        average.model.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent_s = state["step"], state["spent_s"]

    def save():
        partial = checkpoint.with_suffix(".tmp")
        torch.save({"model": model.state_dict(), "ema": average.model.state_dict(),
                    "optimiser": optimiser.state_dict(), "step": step, "spent_s": spent_s}, partial)
        partial.replace(checkpoint)

    model.train()
    mark, sums = time.monotonic(), {}
    with open(options.run / f"log-{rank}.jsonl", "a") as log:
        while True:
            progress = step / options.steps
            if options.minutes > 0:
                progress = max(progress, spent_s / 60 / options.minutes)
            if progress >= 1:
                break
            rate = options.rate * min(1.0, (step + 1) / WARM_UP_STEPS)
            rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
            for group in optimiser.param_groups:
                group["lr"] = rate
            first = step * options.batch + rank * local
            size = SIZES[step % len(SIZES)]
            images, *labels = collate([samples.sample(n, *size) for n in range(first, first + local)])
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
                maps = model(images.float())
            value, parts = loss([m.float() for m in maps], *labels)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            now = time.monotonic()
            spent_s = peers.mean_gradients(parameters, spent_s + now - mark)
            mark = now
            torch.nn.utils.clip_grad_norm_(parameters, 10.0)
            optimiser.step()
            average.update(model, step)
            step += 1
            for name, part in parts.items():
                sums[name] = sums.get(name, 0) + part
            if step % 50 == 0:
                line = {"step": step, "progress": round(progress, 4), "rate": round(rate, 6),
                        "spent_s": round(spent_s, 1), **{k: round(v / 50, 4) for k, v in sums.items()}}
                print(json.dumps(line), file=log, flush=True)
                sums = {}
            if rank == 0 and step % CHECKPOINT_STEPS == 0:
                save()
    if rank == 0:
        save()
        print(f"finished at step {step} after {spent_s / 60:.0f} min")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=pathlib.Path, help="folder written by pictures.py")
    parser.add_argument("run", type=pathlib.Path, help="folder for checkpoints and the log")
    parser.add_argument("--from", dest="begin", type=pathlib.Path, help="an ONNX file of export.py to go on from")
    parser.add_argument("--batch", type=int, default=32, help="shared by the processes")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="per process")
    parser.add_argument("--steps", type=int, default=16000)
    parser.add_argument("--minutes", type=float, default=0.0, help="0: no limit")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true",
                        help="convolutions in bfloat16: twice as fast on a CPU that has it")
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train, (options, f"{folder}/meeting"), options.processes)


if __name__ == "__main__":
    main()
