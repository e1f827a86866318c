"""Tap tables: every fold, direct and interpolated, alone and with their windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.back import verilog

from lutscale.golden.layers import TapTables
from lutscale.golden.value import ValueType
from lutscale.hw.folding import fold
from lutscale.hw.layers.context import Context
from lutscale.hw.layers.tap_tables import TapTablesStage, build
from lutscale.hw.memory import RomCollector
from lutscale.hw.quantiser import QuantiserStage
from lutscale.hw.slots import Track, value_track
from lutscale.hw.targets.ecp5 import ECP5
from lutscale.hw.window import LineBuffer
from tests.support.hw.chain import Chain
from tests.support.hw.layer_bench import check_layer, layer_chain
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import check_stage, measured_latency
from tests.support.hw.streams import STALLS, Bench
from tests.support.hw.tap_windows import codes, frames_of, tables, window_tracks, windows
from tests.support.random_programs import make_quantiser

FOLDS = (1, 2, 4, 5, 7, 100)


def window_stage(layer: TapTables, clocks_per_pixel: int, dsp: bool = True) -> TapTablesStage:
    """The tables alone, behind a window of numbers, with a track that passes."""
    return TapTablesStage(
        layer,
        number=2,
        inputs=window_tracks(layer),
        result=value_track("v3", layer.output_type([codes(layer)])),
        clocks_per_pixel=clocks_per_pixel,
        target=ECP5,
        dsp=dsp,
    )


def ranged(seed: int, nodes: int | None, entry_range: tuple[int, int] | None) -> TapTables:
    """Tables of one shape; with a range, other entries need no other widths."""
    entries = np.random.default_rng(seed).integers(-6, 4, (2, 3, 2, nodes or 8, 2))
    quantiser = nodes and make_quantiser(np.random.default_rng(1), 3, nodes, 3)
    return TapTables(entries, 5, 3, False, quantiser or None, entry_range=entry_range)


def text_of(layer: TapTables) -> str:
    """The Verilog of the stages, less what the ROMs hold."""
    chain = layer_chain(layer, [codes(layer)], 4)
    return verilog.convert(chain, name="taps", platform=RomCollector(), emit_src=False)


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [None, 4])
def test_with_a_range_only_the_roms_tell_two_layers_apart(nodes: int | None) -> None:
    first, second = (text_of(ranged(seed, nodes, (-6, 3))) for seed in (1, 2))
    assert first == second
    assert text_of(ranged(1, nodes, (-16, 15))) != first
    check_layer(ranged(1, nodes, (-6, 3)), ValueType(2, 0, 7), clocks_per_pixel=4)
    check_layer(ranged(1, nodes, (-16, 15)), ValueType(2, 0, 7), clocks_per_pixel=5)


@pytest.mark.parametrize("clocks_per_pixel", FOLDS)
@pytest.mark.parametrize(("nodes", "dsp"), [(None, True), (2, True), (5, True), (5, False)])
def test_every_fold(nodes: int | None, dsp: bool, clocks_per_pixel: int) -> None:
    layer = tables((2, 3), nodes=nodes)
    stage = window_stage(layer, clocks_per_pixel, dsp)
    frames, expected = frames_of(layer, "v0", "v3")
    bench = Bench(stage)
    check_stage(bench, frames, expected)
    check_stage(bench, frames, expected, stalls=STALLS["both"])


@pytest.mark.parametrize("stalls", STALLS)
@pytest.mark.parametrize("nodes", [None, 5])
def test_every_stall(nodes: int | None, stalls: str) -> None:
    layer = tables((3, 3), nodes=nodes)
    frames, expected = frames_of(layer, "v0", "v3")
    check_stage(Bench(window_stage(layer, 4)), frames, expected, stalls=STALLS[stalls])


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("entry_bits", [2, 8])
@pytest.mark.parametrize(
    ("code_bits", "nodes"), [(1, None), (3, None), (8, None), (1, 2), (3, 4), (8, 9), (8, 256)]
)
def test_every_code(code_bits: int, nodes: int | None, entry_bits: int, signed: bool) -> None:
    layer = tables(
        (1, 1), (1, 2), nodes=nodes, code_bits=code_bits, signed=signed, entry_bits=entry_bits
    )
    plane = (np.arange(1 << code_bits) - layer.code_offset).astype(np.int32)[None, None]
    passing = np.zeros((1, 1, 1, *plane.shape[1:]), np.int32)
    frame = {"v0": passing, "window": windows(layer, plane)}
    result = {"v0": passing, "v3": layer.reference([plane])[:, None, None]}
    check_stage(Bench(window_stage(layer, 2)), [frame], [result])


@pytest.mark.slow
@pytest.mark.parametrize("entry", [-128, 127])
def test_the_largest_sums(entry: int) -> None:
    """Accumulators, tree and interpolation at the ends of their ranges."""
    for nodes in (None, 3):
        shape = (3, 3, 3, nodes or 4, 1)
        quantiser = nodes and make_quantiser(np.random.default_rng(0), 2, nodes, 8, "uniform")
        layer = TapTables(np.full(shape, entry), 8, 2, True, quantiser or None)
        frames, expected = frames_of(layer, "v0", "v3")
        for clocks_per_pixel in (1, 4, 27):
            for dsp in (True, False):
                check_stage(Bench(window_stage(layer, clocks_per_pixel, dsp)), frames, expected)


@pytest.mark.parametrize("clocks_per_pixel", FOLDS)
@pytest.mark.parametrize("nodes", [None, 5])
def test_latency_throughput_and_memories(nodes: int | None, clocks_per_pixel: int) -> None:
    layer = tables((3, 3), nodes=nodes)
    stage = window_stage(layer, clocks_per_pixel)
    banks, steps = fold(18, clocks_per_pixel)
    period = max(clocks_per_pixel, steps)
    assert measured_latency(stage, 4, period) == stage.latency.total(4, period)
    assert stage.steps == steps
    check_memories(stage)
    assert len(stage.memories) == banks * (2 if nodes else 1)
    # Every entry once, and nothing else.
    assert sum(use.bits for use in stage.memories) == layer.table_bits
    assert {use.purpose for use in stage.memories} == {"table"}
    deepest = max(use.depth for use in stage.memories)
    assert deepest == steps * (16 if nodes is None else 3)


# ------------------------------------------------------------------------ with their windows


def layer_stages(layer: TapTables, clocks_per_pixel: int, keep: tuple[str, ...] = ()) -> Chain:
    """What the pipeline builds of a layer."""
    kind = codes(layer)
    context = Context(
        layer=layer,
        number=2,
        tracks=(Track("v0", 1, 3), value_track("v2", kind)),
        keep=keep,
        output_type=layer.output_type([kind]),
        own_window=False,
        clocks_per_pixel=clocks_per_pixel,
        max_width=5,
        target=ECP5,
    )
    return Chain(build(context))


KERNELS = ((1, 1), (1, 3), (3, 1), (2, 2), (3, 3), (5, 4))


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("nodes", "clocks_per_pixel"), [(None, 1), (5, 4)])
def test_the_whole_layer(kernel: tuple[int, int], nodes: int | None, clocks_per_pixel: int) -> None:
    layer = tables(kernel, (2, 1), nodes=nodes)
    chain = layer_stages(layer, clocks_per_pixel, keep=("v0", "v2"))
    names = tuple(track.name for track in chain.outputs)
    assert set(names) == {"v0", "v2", "v3"}
    frames, expected = frames_of(layer, *names)
    bench = Bench(chain)
    for stalls in ("none", "both"):
        check_stage(bench, frames, expected, stalls=STALLS[stalls], period=clocks_per_pixel)
    check_memories(chain)
    period = max(getattr(stage, "steps", 1) for stage in chain.stages)
    assert measured_latency(chain, 5, period) == chain.latency.total(5, period)


@pytest.mark.parametrize("code_bits", [4, 8])
def test_the_quantiser_goes_where_memory_is_least(code_bits: int) -> None:
    """Narrow pairs are stored in lines; where codes are needed later, they are."""
    layer = tables((3, 3), (2, 1), nodes=3, code_bits=code_bits)
    for keep, first in (((), True), (("v2",), False), (("v2_3x3",), False)):
        chain = layer_stages(layer, 2, keep)
        kinds = [type(stage) for stage in chain.stages]
        assert (kinds.index(QuantiserStage) < kinds.index(LineBuffer)) is first
        frames, expected = frames_of(layer, *(track.name for track in chain.outputs))
        check_stage(Bench(chain), frames, expected)


# ------------------------------------------------------------------------ TinyLUT's options


def optioned(nodes: int | None = None, *, ranged: bool = False, **options: Any) -> TapTables:
    """Random tables of four channels, ranges of codes that differ by channel among them."""
    rng = np.random.default_rng(4)
    kernel, groups = options.pop("kernel", (1, 1)), options.get("groups", 1)
    ranges = np.array([[-8, 7], [0, 3], [-2, 5], [4, 4]]) if ranged else None
    levels = nodes or 16
    entries = rng.integers(-16, 16, (4, *kernel, levels, 4 // groups if groups < 4 else 1))
    if ranges is not None:
        for c, (first, last) in enumerate(ranges):
            entries[c, :, :, last - first + 1 :] = 0
    quantiser = make_quantiser(rng, 4, nodes, 3, "any") if nodes else None
    return TapTables(entries, 5, 4, True, quantiser, ranges, **options)


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 3, 4, 9, 16, 40])
@pytest.mark.parametrize("nodes", [None, 5])
def test_rotations_take_turns_at_the_same_banks(nodes: int | None, clocks_per_pixel: int) -> None:
    layer = optioned(nodes, kernel=(2, 2), rotations=4, origin=(0, 1), border="reflect")
    chain = check_layer(layer, ValueType(4, -8, 7), clocks_per_pixel=clocks_per_pixel)
    stored = sum(use.bits for use in chain.memories if use.purpose == "table")
    copies = max(4 // clocks_per_pixel, 1) if clocks_per_pixel != 3 else 2
    assert stored == layer.table_bits * copies


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [1, 4, 7])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("rotations", [1, 4])
def test_groups_and_ranges(groups: int, rotations: int, clocks_per_pixel: int) -> None:
    """Codes beyond a channel's range read its nearest entry."""
    layer = optioned(ranged=True, groups=groups, rotations=rotations)
    check_layer(layer, ValueType(4 * rotations, -8, 7), clocks_per_pixel=clocks_per_pixel)


@pytest.mark.parametrize("kernel", [(3, 3), (1, 3), (3, 2)])
def test_depthwise_kernels_of_every_rotation(kernel: tuple[int, int]) -> None:
    layer = optioned(kernel=kernel, groups=4, rotations=4, origin=(kernel[0] - 1, 0))
    check_layer(layer, ValueType(16, -8, 7), clocks_per_pixel=6)


@pytest.mark.parametrize("border", ["replicate", "reflect"])
def test_an_origin_at_the_corner(border: str) -> None:
    layer = optioned(3, kernel=(3, 3), origin=(2, 2), border=border)
    check_layer(layer, ValueType(4, -8, 7), clocks_per_pixel=4)
