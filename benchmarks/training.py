"""Training steps of IQ-LUT against plain gathering: ``python -m benchmarks.training``.

The same network, once as it trains (a convolution whose weight is the table),
once with every interpolated layer written straightforwardly: look up the segment of each code,
gather the words of both its nodes, weigh, add. Both are checked to compute the same values.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import click
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.machine import machine
from lutscale.golden.command import one_line_errors
from lutscale.model.data import Pair, Patches
from lutscale.model.layers import TapTablesTwin
from lutscale.model.network import Network
from lutscale.model.recipe import GRADIENTS
from lutscale.model.systems import TABLES

__all__ = ["GatheredTaps", "gathered"]


class GatheredTaps(nn.Module):
    """An interpolated tap layer by gathering words; parameters are those of its twin."""

    def __init__(self, twin: TapTablesTwin) -> None:
        super().__init__()
        self.twin = twin

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        twin = self.twin
        assert twin.nodes is not None
        kh, kw = twin.kernel
        given = values[-1]
        batch, channels, height, width = given.shape
        pads = ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2)
        codes = (
            F.unfold(F.pad(given, pads, mode="replicate"), twin.kernel).transpose(1, 2).contiguous()
        )
        positions = twin.positions()
        segment = torch.bucketize(codes.detach(), positions[1:-1].detach(), right=True)
        start, end = positions[segment], positions[segment + 1]
        weight = (codes - start) / (end - start)
        # (in * kh * kw, nodes, out)
        entries, scale = twin.integer_entries(), torch.exp(twin.log_scale) * 128.0
        if twin.tie is not None:
            entries, scale = twin.tie.full(entries), scale[twin.tie.unit]
        table = entries.permute(1, 3, 4, 2, 0).flatten(0, 2)
        taps = torch.arange(channels * kh * kw, device=codes.device)
        low, high = table[taps, segment], table[taps, segment + 1]
        words = low + weight[..., None] * (high - low)
        return (words.sum(2) * scale).transpose(1, 2).reshape(batch, -1, height, width)


def gathered(network: Network) -> Network:
    """The same network with every interpolated layer gathering; it shares the parameters."""
    layers = [
        GatheredTaps(layer) if isinstance(layer, TapTablesTwin) and layer.nodes else layer
        for layer in network.layers
    ]
    return Network(network.scale, layers, network.task)  # type: ignore[arg-type]


def seconds_a_step(network: nn.Module, lr: Tensor, hr: Tensor, steps: int) -> float:
    """Least time of a forward pass, a backward pass and a step of Adam."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-6)
    times = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        F.l1_loss(network(lr), hr).backward()
        optimiser.step()
        times.append(time.perf_counter() - started)
    return min(times[1:])


def seconds_a_batch(scale: int, batch: int, patch: int, steps: int) -> float:
    """Least time to cut a batch out of photographs, which a step has to wait for."""
    random = np.random.default_rng(0)
    sizes = [(patch + 8 * k, patch + 16 * k) for k in range(20)]
    pictures = [random.integers(0, 256, (h, w, 3), np.uint8) for h, w in sizes]
    enlarged = [lr.repeat(scale, 0).repeat(scale, 1) for lr in pictures]
    pairs = [Pair("noise", hr, lr) for hr, lr in zip(enlarged, pictures, strict=True)]
    stream = iter(Patches(pairs, patch, batch, seed=0))
    times = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        next(stream)
        times.append(time.perf_counter() - started)
    return min(times[1:])


@click.command()
@click.argument("name", type=click.Choice(sorted(TABLES)), default="iqlut-s-x4")
@click.option("--batch", default=16, show_default=True)
@click.option("--patch", default=32, show_default=True)
@click.option("--steps", default=5, show_default=True)
@click.option("--threads", default=0, help="CPU threads; 0 leaves it to PyTorch.")
@click.option("--compile", "compiled", is_flag=True, help="Time the compiled step as well.")
@click.option(
    "--gradients",
    default="float32",
    show_default=True,
    type=click.Choice(GRADIENTS),
    help="What the compiled step computes gradients in.",
)
@one_line_errors
def main(
    name: str, batch: int, patch: int, steps: int, threads: int, compiled: bool, gradients: str
) -> None:
    """Time a training step of NAME both ways, and their ratio in one run."""
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = TABLES[name]()
    plain = gathered(network)
    r = network.scale
    lr = torch.randint(0, 256, (batch, 1, patch, patch)).float()
    hr = F.interpolate(lr, scale_factor=r)
    with torch.no_grad():
        # Weights are not rounded to fractions here, which a level more or less may show.
        apart = float((network(lr[:1]) - plain(lr[:1])).abs().mean())
    if apart > 0.5:
        raise ValueError(f"both forms must agree within 0.5 levels, not {apart:.3f}")
    ours = seconds_a_step(network, lr, hr, steps)
    gather = seconds_a_step(plain, lr, hr, steps)
    extra = {}
    if compiled:
        for layer in network.modules():
            if isinstance(layer, TapTablesTwin):
                layer.gradients = getattr(torch, gradients)
        faster = seconds_a_step(torch.compile(network), lr, hr, steps)  # type: ignore[arg-type]
        extra = {
            "seconds_a_step_compiled": round(faster, 6),
            "compiled_to_plain": round(faster / ours, 4),
        }
    result = {
        "benchmark": "training",
        "network": name,
        "batch": f"{batch} patches of {patch}x{patch}",
        "threads": torch.get_num_threads(),
        "seconds_a_step": round(ours, 6),
        "seconds_a_step_gather": round(gather, 6),
        "seconds_a_batch": round(seconds_a_batch(r, batch, patch, steps), 6),
        "gather_to_convolution": round(gather / ours, 4),
        **extra,
        "command": f"python -m benchmarks.training {name} --batch {batch} --patch {patch}"
        + f" --threads {threads}" * bool(threads)
        + " --compile" * compiled
        + f" --gradients {gradients}" * (gradients != "float32"),
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
