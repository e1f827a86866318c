"""Whole networks: golden runs the integers that the twins compute, for every preset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.layers import Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.model.layers import DiscretiseTwin, TapTablesTwin
from lutscale.model.network import Network, run_exact
from lutscale.model.systems import TABLES, build, ecnn, hklut, iqlut, tinylut
from tests.support.random_programs import example_frame, example_program


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(3)


def disturbed(network: Network) -> Network:
    """Move nodes, entries and scales from where training starts."""
    with torch.no_grad():
        for twin in network.layers:
            if isinstance(twin, DiscretiseTwin):
                twin.scales.mul_(0.6 + 0.8 * torch.rand_like(twin.scales))
                twin.project()
            if isinstance(twin, TapTablesTwin):
                if twin.quantiser_of[0] is None:
                    twin.theta.add_(0.4 * torch.randn_like(twin.theta))
                # Noise per table only: between neighbouring codes of a direct table it would
                # turn the one code that rounds otherwise into another pixel.
                noise = torch.randn_like(twin.entries[:, :, :1])
                twin.entries.add_(0.2 * twin.entries.std() * noise)
                if twin.learn_scale:
                    twin.log_scale.add_(0.2 * torch.randn_like(twin.log_scale))
    return network


def assert_same_integers(program: Program, frame: np.ndarray) -> None:
    exact = run_exact(program, torch.from_numpy(frame)[None, None])[0, 0].numpy()
    golden = program.run(frame)
    wrong = np.argwhere(exact != golden)
    assert not len(wrong), (
        f"{program.name}: {len(wrong)} pixels differ, first at y, x = {wrong[0]}: golden "
        f"{golden[tuple(wrong[0])]}, torch {exact[tuple(wrong[0])]}"
    )


@pytest.mark.parametrize("shape", [(1, 1), (9, 14)])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_exact_is_golden(name: str, shape: tuple[int, int]) -> None:
    program = disturbed(TABLES[name]()).export(name)
    assert_same_integers(program, example_frame(1, *shape))
    assert_same_integers(program, example_frame(2, *shape, texture="edges"))


@pytest.mark.parametrize("seed", range(40))
def test_exact_is_golden_for_random_programs(seed: int) -> None:
    program = example_program(seed, 1 + seed % 4)
    assert_same_integers(program, example_frame(seed, 7 + seed % 3, 5 + seed % 4))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_training_follows_golden(name: str) -> None:
    network = disturbed(TABLES[name]())
    program = network.export(name)
    frames = [example_frame(s, 24, 20, t) for s, t in enumerate(("noise", "ramp", "noise"))]
    batch = torch.from_numpy(np.stack(frames)[:, None]).float()
    forward = network(batch).detach().numpy()[:, 0]
    golden = np.stack([program.run(frame) for frame in frames])
    assert forward.shape == golden.shape
    off = np.abs(forward - golden)
    assert off.max() <= 1
    assert (off > 0).mean() < 0.02
    # A flat picture would prove nothing.
    assert golden.std() > 10


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize(
    "name", ["hklut-s-x4", "hklut-l-x4", "tinylut-s-x4", "tinylut-f-denoise-25"]
)
def test_networks_of_integers_train_on_the_very_integers(name: str, direct: bool) -> None:
    network = disturbed(TABLES[name]())
    if direct:
        network.to_tables()
    program = network.export(name)
    for shape in ((24, 20), (1, 7), (2, 1)):
        frame = example_frame(3, *shape)
        forward = network(torch.from_numpy(frame)[None, None].float()).detach()
        np.testing.assert_array_equal(forward[0, 0], program.run(frame))


def test_enumerated_tables_become_entries_as_they_are() -> None:
    network = hklut()
    before = network.export("p")
    network.to_tables()
    after = network.export("p")
    for mine, yours in zip(before.layers, after.layers, strict=True):
        for name, table in mine.tables().items():
            np.testing.assert_array_equal(table, yours.tables()[name])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_gradients_reach_every_parameter(name: str) -> None:
    network = disturbed(TABLES[name]())
    # Flat, black and white ones too: every table shall be read somewhere.
    frames = [example_frame(k, 20, 20, t) for k, t in enumerate(("noise", "ramp", "edges"))]
    frame = torch.from_numpy(np.stack(frames)[:, None]).float()
    for _ in ("networks", "entries"):
        target = torch.rand_like(network(frame)) * 255
        torch.nn.functional.l1_loss(network(frame), target).backward()
        network.to_tables()
    for where, parameter in network.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, where
            assert torch.isfinite(parameter.grad).all(), where
            assert (parameter.grad != 0).any(), where


def test_layers_and_sources_of_an_export() -> None:
    network = disturbed(TABLES["iqlut-tiny-x4"]())
    program = network.export("p")
    assert [layer.kind for layer in program.layers] == [
        "tap_tables",
        "requantise",
        "tap_tables",
        "requantise",
        "residual",
        "tap_tables",
        "requantise",
        "residual",
        "requantise",
        "pixel_shuffle",
    ]
    assert program.layers[4].sources == (2,)
    assert program.layers[7].sources == (0,)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize(("code_bits", "weight_bits"), [(2, [4, 1, 1]), (5, 3), (8, [6, 8, 2])])
def test_code_and_weight_bits(code_bits: int, weight_bits: int | list[int], residual: bool) -> None:
    network = iqlut(
        4,
        channels=3,
        blocks=1,
        nodes=3,
        code_bits=code_bits,
        weight_bits=weight_bits,
        residual=residual,
    )
    program = network.export("narrow")
    tables = [layer for layer in program.layers if isinstance(layer, TapTables)]
    assert [layer.code_bits for layer in tables] == [8, code_bits, code_bits]
    fractions = weight_bits if isinstance(weight_bits, list) else [weight_bits] * 3
    assert [layer.quantiser.fraction_bits for layer in tables if layer.quantiser] == fractions
    top = 1 << (code_bits - 1)
    assert (program.types[2].lo, program.types[2].hi) == (-top, top - 1)
    assert_same_integers(program, example_frame(code_bits, 6, 9))


@pytest.mark.parametrize("code_bits", [1, 9])
def test_code_bits_beyond_those_of_a_program(code_bits: int) -> None:
    with pytest.raises(InputError, match=f"^code_bits must be 2 to 8, not {code_bits}$"):
        iqlut(4, code_bits=code_bits)


@pytest.mark.parametrize("entry_bits", [4, 5, 6, 7, 8])
@pytest.mark.parametrize("nodes", [3, None])
def test_entry_bits(entry_bits: int, nodes: int | None) -> None:
    network = iqlut(2, channels=2, blocks=1, nodes=nodes, entry_bits=entry_bits)
    program = disturbed(network).export("p")
    tables = [layer for layer in program.layers if isinstance(layer, TapTables)]
    assert {layer.entry_bits for layer in tables} == {entry_bits}
    assert program.table_bits == entry_bits * sum(layer.entries.size for layer in tables)
    assert_same_integers(program, example_frame(entry_bits, 6, 9))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_options_of_iqlut(scale: int) -> None:
    network = iqlut(scale, channels=3, blocks=2, residual=False, learn_nodes=False, last_kernel=1)
    program = disturbed(network).export("p")
    assert program.scale == scale
    assert len([layer for layer in program.layers if layer.kind == "residual"]) == 1
    assert_same_integers(program, example_frame(scale, 5, 8))


def test_ecnn_has_direct_tables_of_all_codes() -> None:
    program = ecnn(2, channels=2, blocks=1).export("p")
    tables = [layer for layer in program.layers if isinstance(layer, TapTables)]
    assert len(tables) == 3
    assert all(layer.quantiser is None and layer.entries.shape[3] == 256 for layer in tables)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("iqlut-s-x2", 6_000),
        ("iqlut-s-x3", 6_000),
        ("iqlut-s-x4", 6_000),
        ("iqlut-m-x4", 13_500),
        ("iqlut-l-x4", 24_312),
        ("iqlut-xl-x4", 102_400),
        ("iqlut-tiny-x4", 8_000),
        ("iqlut-s-denoise-25", 6_000),
        ("tinylut-f-x4", 171_000),
        ("tinylut-f-denoise-25", 102_400),
    ],
)
def test_programs_fit_the_budget(name: str, limit: int) -> None:
    assert TABLES[name]().export(name).table_bytes <= limit


def test_tables_of_hklut_and_tinylut_are_as_large_as_the_released_ones() -> None:
    assert hklut().export("p").table_bytes == 102_400
    assert hklut((2, 1, 2)).export("p").table_bytes == 115_200
    assert 37_000 < tinylut(4).export("p").table_bytes <= 37_776


def test_divisors_of_tinylut() -> None:
    network = tinylut(4, channels=4, blocks=1, codes=30, divisors=[1, 2, 5, 4])
    program = disturbed(network).export("p")
    sums = [layer for layer in program.layers if isinstance(layer, Requantise)]
    found = [layer.multiplier[0] / 2**layer.shift for layer in sums]
    # Between them the scales of codes are learnt; the result is in 64ths of a level.
    assert found[:7:2] == pytest.approx([1, 1 / 2, 1 / 5, 64 / 4], rel=1e-3)
    assert_same_integers(program, example_frame(4, 9, 8))
    with pytest.raises(ValueError, match="divisors must be four numbers, not 3"):
        tinylut(4, blocks=1, divisors=[1, 2, 4])
    with pytest.raises(ValueError, match=r"divisors\[2\] must be .*, not 0"):
        tinylut(4, blocks=1, divisors=[1, 2, 0, 4])
    with pytest.raises(ValueError, match=r"divisors must be .* without blocks, not \[1, 2, 4, 4\]"):
        tinylut(4, divisors=[1, 2, 4, 4])


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("blocks", [0, 2])
def test_options_of_tinylut(scale: int, blocks: int) -> None:
    network = tinylut(scale, channels=4, blocks=blocks, codes=30)
    program = disturbed(network).export("p")
    assert program.scale == scale
    frame = example_frame(scale, 9, 8)
    assert_same_integers(program, frame)
    forward = network(torch.from_numpy(frame)[None, None].float()).detach()
    np.testing.assert_array_equal(forward[0, 0], program.run(frame))


def test_presets_are_named_by_their_task() -> None:
    for name, make in TABLES.items():
        network = make()
        task = f"-x{network.scale}" if network.scale > 1 else f"-denoise-{network.task.sigma}"
        assert name.endswith(task)
        assert (network.task.kind == "denoise") == (network.scale == 1)


def test_an_exported_program_survives_its_file(tmp_path: Path) -> None:
    program = disturbed(TABLES["iqlut-tiny-x4"]()).export("iqlut-tiny-x4", {"seed": 1})
    save(program, tmp_path / "p.npz")
    frame = example_frame(1, 7, 9)
    np.testing.assert_array_equal(load(tmp_path / "p.npz").run(frame), program.run(frame))


def test_a_system_with_shifts_and_shared_blocks() -> None:
    """Recursive blocks: tables of the first, stored once, and the exact integers."""
    options = {"channels": 4, "blocks": 3, "block_kernels": [[1, 3], [3, 1]], "nodes": 3}
    network = disturbed(build("iqlut-tiny-x4", {**options, "shift": True, "shared": True}))
    program = network.export("shared")
    kinds = [layer.kind for layer in program.layers]
    assert kinds.count("channel_shift") == 3
    assert kinds.count("tap_tables") == 2 + 3 * 2
    first = kinds.index("channel_shift") + 1
    assert set(program.shared.values()) == {first, first + 2}
    assert len(program.shared) == 4
    frame = example_frame(3, 7, 6)
    expected = program.run(frame)
    lr = torch.from_numpy(frame.astype(np.float32))[None, None]
    np.testing.assert_array_equal(network(lr)[0, 0].detach().numpy(), expected)
    np.testing.assert_array_equal(run_exact(program, lr)[0, 0].numpy(), expected)


def test_a_result_that_is_not_added_to_the_frame() -> None:
    program = build("iqlut-tiny-x4", {"frame_residual": False}).export("bare")
    assert "residual" in [layer.kind for layer in program.layers]
    assert all(getattr(layer, "upsample", "none") == "none" for layer in program.layers)


@pytest.mark.parametrize("nodes", [3, None])
def test_depthwise_and_pointwise_blocks(nodes: int | None) -> None:
    options = {"channels": 3, "block_kernels": [[3, 3], [1, 1]], "depthwise": True, "nodes": nodes}
    network = disturbed(build("iqlut-tiny-x4", options))
    program = network.export("separable")
    tables = [layer for layer in program.layers if isinstance(layer, TapTables)]
    assert [layer.groups for layer in tables] == [1, 3, 1, 1]
    frame = example_frame(5, 6, 7)
    expected = program.run(frame)
    lr = torch.from_numpy(frame.astype(np.float32))[None, None]
    np.testing.assert_array_equal(network(lr)[0, 0].detach().numpy(), expected)
    np.testing.assert_array_equal(run_exact(program, lr)[0, 0].numpy(), expected)
