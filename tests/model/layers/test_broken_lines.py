"""Direct tables on broken lines, and how they become entries."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from lutscale.model.layers import DiscretiseTwin, TapTablesTwin
from lutscale.model.layers.broken_lines import line_entries, line_sums
from lutscale.model.layers.operations import replicated
from lutscale.model.systems.tinylut import tinylut
from tests.support.random_programs import example_frame


def test_lines_at_codes() -> None:
    """Channels of codes -3..5 and 0..2, at the levels of codes from -4 on."""
    nodes = torch.tensor([[0.0, 8.0, -8.0], [1.0, 2.0, 5.0]])[None, :, :, None, None]
    first, last = torch.tensor([1.0, 4.0]), torch.tensor([9.0, 6.0])
    found = line_entries(nodes, first, last, torch.arange(11.0))[0, :, :, 0, 0]
    assert found[0].tolist() == [0, 0, 2, 4, 6, 8, 4, 0, -4, -8, -8]
    assert found[1].tolist() == [1, 1, 1, 1, 1, 2, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 1)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_sums_are_those_of_the_lines(depthwise: bool, kernel: tuple[int, int], count: int) -> None:
    torch.manual_seed(1)
    channels = 3
    nodes = torch.randn(1 if depthwise else 4, channels, count, *kernel).double()
    where = torch.rand(2, channels, 5, 6).double() * (count - 1)
    wide = replicated(where, kernel)
    found = line_sums(wide, nodes, depthwise, torch.float64)
    taps = [
        wide[:, :, i : i + 5, j : j + 6].numpy() for i, j in np.ndindex(*kernel)
    ]  # (batch, channels, h, w) each
    lines = nodes.flatten(3).numpy()
    each = np.stack(
        [
            [
                [
                    np.interp(tap[:, c], np.arange(count), line[c, :, t])
                    for t, tap in enumerate(taps)
                ]
                for c in range(channels)
            ]
            for line in lines
        ]
    ).sum(2)  # (out, channels, batch, h, w)
    wanted = each[0].transpose(1, 0, 2, 3) if depthwise else each.sum(1).transpose(1, 0, 2, 3)
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-12)


def twin_of(groups: int = 1) -> tuple[DiscretiseTwin, TapTablesTwin]:
    scales = DiscretiseTwin([(-128, 127)] * 4, [0.05, 0.1, 0.2, 0.3])
    twin = TapTablesTwin(
        4,
        4,
        (3, 3),
        nodes=None,
        learn_scale=False,
        bend=8,
        lines=5,
        groups=groups,
        code_ranges=[(-64, 63)] * 4,
        discretise=scales,
    )
    return scales, twin


@pytest.mark.parametrize("groups", [1, 4])
def test_entries_start_on_the_lines(groups: int) -> None:
    """The same tables before and after; then the sums are those of the rounded entries."""
    scales, twin = twin_of(groups)
    codes = scales([torch.randint(-128, 128, (1, 4, 7, 6)).float()])
    on_lines = twin([codes])
    before = twin.export(np.ones(4))[0]
    twin.to_tables()
    np.testing.assert_array_equal(twin.export(np.ones(4))[0].entries, before.entries)
    on_entries = twin([codes]).detach()
    assert torch.equal(on_entries.long(), TapTablesTwin.exact(before, [codes.long()]))
    # Half a step for each entry, at most.
    taps = 9 * (1 if groups > 1 else 4)
    assert 0 < float((on_lines - on_entries).abs().max()) <= taps / 2


def test_scales_learn_with_the_entries_only() -> None:
    scales, twin = twin_of()
    given = torch.randint(-128, 128, (1, 4, 7, 6)).float()
    for learnt in (False, True):
        scales.zero_grad()
        twin.zero_grad()
        twin([scales([given])]).square().mean().backward()
        assert (scales.scales.grad is not None) == learnt
        assert twin.lines is not None
        assert (twin.lines.grad is not None) == (not learnt)
        assert (twin.entries.grad is not None) == learnt
        twin.to_tables()


def test_a_checkpoint_knows_whether_entries_train() -> None:
    scales, twin = twin_of()
    early = copy.deepcopy(twin.state_dict())
    twin.to_tables()
    late = copy.deepcopy(twin.state_dict())
    other_scales, other = twin_of()
    for state, on_lines in ((late, False), (early, True), (late, False)):
        other.load_state_dict(state)
        assert other.on_lines == on_lines
        assert other_scales.held == on_lines
    codes = scales([torch.randint(-128, 128, (1, 4, 7, 6)).float()])
    assert torch.equal(other([codes]), twin([codes]))


def test_a_network_on_lines_is_near_its_program() -> None:
    network = tinylut(2, channels=4, blocks=1, codes=30, lines=5)
    frame = example_frame(3, 24, 20)
    given = torch.from_numpy(frame)[None, None].float()
    off = np.abs(network(given)[0, 0].detach().numpy() - network.export("p").run(frame))
    assert off.max() <= 2
    network.to_tables()
    after = network(given)[0, 0].detach().numpy()
    np.testing.assert_array_equal(after, network.export("p").run(frame))


@pytest.mark.slow
def test_compiled_lines_and_the_entries_after_them() -> None:
    """The compiler follows when entries take over; gradients are those of the plain step."""
    torch.compiler.reset()
    network = tinylut(2, channels=4, blocks=1, codes=30, lines=5)
    compiled = torch.compile(network)
    given = torch.from_numpy(example_frame(3, 12, 10))[None, None].float()
    for _ in ("lines", "entries"):
        found = []
        for forward in (network, compiled):
            network.zero_grad()
            forward(given).square().mean().backward()
            grads = {n: p.grad for n, p in network.named_parameters() if p.grad is not None}
            found.append({name: grad.clone() for name, grad in grads.items()})
        assert found[0].keys() == found[1].keys()
        for name, wanted in found[0].items():
            error = (found[1][name] - wanted).norm() / wanted.norm().clamp(min=1e-9)
            assert error < 1e-3, (name, float(error))
        network.to_tables()


@pytest.mark.parametrize(
    "options",
    [
        {"lines": 1},
        {"lines": 4, "nodes": 5},
        {"lines": 4, "groups": 2},
        {"lines": 4, "rotations": 4},
    ],
)
def test_lines_that_cannot_be(options: dict[str, int]) -> None:
    settings = {"nodes": None, "learn_scale": False, **options}
    text = "lines must be 2 nodes or more, of direct tables in one group or one a channel, without "
    text += f"scales, rotations, an origin or a border, not {options['lines']}"
    with pytest.raises(ValueError, match=text):
        TapTablesTwin(4, 4, (3, 3), **settings)  # type: ignore[arg-type]


def test_tinylut_s_has_no_lines() -> None:
    with pytest.raises(ValueError, match="lines must be 0 without blocks, not 6"):
        tinylut(4, lines=6)
