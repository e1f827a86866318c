"""SRResNet at few bits, plain and with RefQSR."""

from __future__ import annotations

from functools import partial
from typing import Any

from lutscale.model.refqsr.architecture import Architecture
from lutscale.model.refqsr.network import MixedNetwork

__all__ = ["NAMES", "srresnet"]


def srresnet(
    scale: int,
    *,
    channels: int = 64,
    blocks: int = 16,
    head_kernel: int = 9,
    tail_kernel: int = 9,
    direct: bool = False,
    frame_residual: bool = False,
    quantiser: str | None = None,
    high: int = 8,
    low: int | None = None,
    group: int = 8,
    classes: int = 8,
    bit_price: float = 1e-4,
    bound_rate: float = 10.0,
) -> MixedNetwork:
    """SRResNet (CVPR 2017), whose body may be quantised, and whose pictures may be shared out as
    references and queries (RefQSR, IEEE TIP 2024).

    Args:
        channels, blocks, head_kernel, tail_kernel, direct, frame_residual: see
            `model.refqsr.architecture.Architecture`.
        quantiser, high, low, group, classes, bit_price, bound_rate: see
            `model.refqsr.network.MixedNetwork`.

    Raises:
        TypeError, ValueError: options that do not fit each other.
    """
    shape = Architecture(
        "srresnet", scale, channels, blocks, head_kernel, tail_kernel, direct, frame_residual
    )
    return MixedNetwork(
        shape,
        quantiser=quantiser,
        high=high,
        low=low,
        group=group,
        classes=classes,
        bit_price=bit_price,
        bound_rate=bound_rate,
    )


# A size that a CPU trains.
_SMALL: dict[str, Any] = {
    "channels": 16,
    "blocks": 8,
    "head_kernel": 5,
    "direct": True,
    "frame_residual": True,
}
_BODIES: dict[str, dict[str, Any]] = {
    "": {},
    "-pams8": {"quantiser": "pams", "high": 8},
    "-pams4": {"quantiser": "pams", "high": 4},
    "-cadyq": {"quantiser": "cadyq"},
    "-pams8-refqsr": {"quantiser": "pams", "high": 8, "low": 4},
    "-pams4-refqsr": {"quantiser": "pams", "high": 4, "low": 2},
    "-cadyq-refqsr": {"quantiser": "cadyq", "low": 4},
}

NAMES = {
    f"{size}{body}-x4": partial(srresnet, 4, **shape, **options)
    for size, shape in (("srresnet", {}), ("srresnet-s", _SMALL))
    for body, options in _BODIES.items()
}
"""Networks by the name of the program they become."""
