"""Random tap tables, and the windows of numbers that they read, with what golden makes of them."""

from __future__ import annotations

import numpy as np

from lutscale.golden.layers import TapTables
from lutscale.golden.value import ValueType
from lutscale.hw.slots import Track, value_track
from tests.support.hw.slot_frames import Frame, random_frames
from tests.support.random_programs import make_quantiser

__all__ = ["SIZES", "codes", "frames_of", "neighbourhoods", "tables", "window_tracks", "windows"]

SIZES = [(4, 5), (3, 5), (1, 5), (1, 1), (2, 1), (5, 3)]


def tables(
    kernel: tuple[int, int],
    channels: tuple[int, int] = (2, 3),
    *,
    nodes: int | None = None,
    code_bits: int = 4,
    signed: bool = True,
    entry_bits: int = 5,
) -> TapTables:
    """Random tables, from ``channels[0]`` to ``channels[1]``."""
    rng = np.random.default_rng(3)
    quantiser = nodes and make_quantiser(rng, code_bits, nodes, 3, "any")
    half = 1 << (entry_bits - 1)
    shape = (channels[0], *kernel, nodes or 1 << code_bits, channels[1])
    entries = rng.integers(-half, half, shape)
    # A bank of this table alone ranges over positive numbers only.
    entries[0, 0, 0] = np.maximum(entries[0, 0, 0], 1)
    return TapTables(entries, entry_bits, code_bits, signed, quantiser or None)


def codes(layer: TapTables) -> ValueType:
    """The type that uses all codes."""
    low = -layer.code_offset
    return ValueType(layer.in_channels, low, low + (1 << layer.code_bits) - 1)


def neighbourhoods(plane: np.ndarray, kernel: tuple[int, int]) -> np.ndarray:
    """(channels, kh, kw, height, width): what a kernel sees of (channels, height, width)."""
    kh, kw = kernel
    _, height, width = plane.shape
    pads = ((0, 0), ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2))
    padded = np.pad(plane, pads, mode="edge")
    rows = [
        np.stack([padded[:, i : i + height, j : j + width] for j in range(kw)], axis=1)
        for i in range(kh)
    ]
    return np.stack(rows, axis=1)


def windows(layer: TapTables, plane: np.ndarray) -> np.ndarray:
    """What the tables get: codes, or the quantiser's pairs."""
    found = neighbourhoods(plane, layer.kernel)
    if layer.quantiser is None:
        return found
    segment = layer.quantiser.segment[found + layer.code_offset]
    weight = layer.quantiser.weight[found + layer.code_offset]
    return (segment << layer.quantiser.fraction_bits) + weight


def frames_of(layer: TapTables, *names: str) -> tuple[list[Frame], list[Frame]]:
    """Frames of codes (as v2 and as windows), and what golden makes of them."""
    tracks = [Track("v0", 1, 3), value_track("v2", codes(layer))]
    given, expected = [], []
    for frame in random_frames(tracks, SIZES):
        plane = frame["v2"][:, 0, 0].astype(np.int32)
        given.append({**frame, "window": windows(layer, plane)})
        result = layer.reference([plane])[:, None, None]
        halo = neighbourhoods(plane, (3, 3))
        everything = {**frame, "v2_3x3": halo, "v3": result}
        expected.append({name: everything[name] for name in names})
    return given, expected


def window_tracks(layer: TapTables) -> list[Track]:
    """A window of the numbers that the tables get, and a track that passes."""
    kind, (kh, kw) = codes(layer), layer.kernel
    bits, signed = kind.bits, kind.signed
    if layer.quantiser is not None:
        bits, signed = layer.quantiser.word_bits, False
    return [Track("v0", 1, 3), Track("window", kind.channels, bits, signed, kh, kw)]
