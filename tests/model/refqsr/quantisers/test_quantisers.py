"""Quantisers against their papers' formulas, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.model.refqsr.quantisers import (
    Cadyq,
    Codes,
    Daq,
    Ddtb,
    Pams,
    asymmetric,
    make,
    symmetric,
)
from lutscale.model.refqsr.quantisers.daq import STEPS
from lutscale.model.refqsr.quantisers.ddtb import open_gates


def picture(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32))


def seen_pams(bits: int, bound: float) -> Pams:
    made = Pams(bits)
    made.observe(torch.full((1, 1, 1, 1), bound))
    return made.eval()


def test_pams_by_hand() -> None:
    """4 bits, a = 2.1: s = 7, a step of 0.3."""
    pams = seen_pams(4, 2.1)
    given = torch.tensor([-9.0, -2.1, -0.44, -0.46, 0.0, 0.16, 0.44, 0.76, 2.1, 3.0])
    wanted = [-2.1, -2.1, -0.3, -0.6, 0.0, 0.3, 0.3, 0.9, 2.1, 2.1]
    found = pams(given.reshape(1, 1, 1, -1)).detach().flatten()
    assert found.tolist() == pytest.approx(wanted, abs=1e-6)
    codes = pams.export()
    assert (codes.lo, codes.hi, codes.zero) == (-7, 7, 0.0)
    assert codes.step == pytest.approx(0.3)


def test_pams_without_a_sign() -> None:
    """4 bits, a = 3: s = 15, a step of 0.2."""
    pams = Pams(4, positive=True)
    pams.observe(torch.full((1, 1, 1, 1), 3.0))
    given = torch.tensor([-1.0, 0.0, 0.11, 0.29, 2.95, 4.0])
    found = pams.eval()(given.reshape(1, 1, 1, -1)).detach().flatten()
    assert found.tolist() == pytest.approx([0, 0, 0.2, 0.2, 3.0, 3.0], abs=1e-6)
    codes = pams.export()
    assert (codes.lo, codes.hi) == (0, 15)
    assert codes.step == pytest.approx(0.2)


def test_a_fitted_bound_leaves_outliers_out() -> None:
    """One value of thousands is ten times as large as any other."""
    values = torch.linspace(0, 1, 1000).repeat(3)
    values[7] = 10.0
    fitted, plain = (Pams(4, positive=True, fitted=f) for f in (True, False))
    for pams in (fitted, plain):
        pams.observe(values.reshape(1, 1, 1, -1))
    assert float(plain.bound.detach()) == 10.0
    errors = {}
    for share in (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.22, 0.16, 0.12):
        made = torch.round(15 * (values / (10 * share)).clamp(0, 1)) / 15 * 10 * share
        errors[share] = float((made - values).square().mean())
    wanted = 10 * min(errors, key=lambda share: errors[share])
    assert float(fitted.bound.detach()) == pytest.approx(wanted)
    assert wanted < 10


def test_gradient_of_the_bound_of_pams() -> None:
    """The sign outside, (round(u) - u) / s inside; x passes inside only."""
    pams = seen_pams(4, 2.0)
    s, a = 7, 2.0
    for x, outside in ((-3.0, True), (2.5, True), (0.3, False), (-1.234, False)):
        given = torch.tensor([[[[x]]]], requires_grad=True)
        pams.bound.grad = None
        pams(given).sum().backward()
        u = s * x / a
        wanted = math.copysign(1, x) if outside else (math.floor(u + 0.5) - u) / s
        assert float(pams.bound.grad) == pytest.approx(wanted, abs=1e-5)
        assert float(given.grad) == (0.0 if outside else 1.0)


def test_pams_observes_the_mean_of_the_largest() -> None:
    pams = Pams(8).train()
    for top in (1.0, 2.0, 6.0):
        pams(torch.tensor([[[[0.1, -top]]]]))
    assert float(pams.bound.detach()) == pytest.approx(3.0)
    pams.seen.fill_(Pams.WARM)
    pams(torch.tensor([[[[100.0]]]]))
    assert float(pams.bound.detach()) == pytest.approx(3.0)


@pytest.mark.parametrize("name", ["pams", "cadyq", "ddtb"])
def test_no_quantiser_works_without_statistics(name: str) -> None:
    quantiser = make(name, 4, 8).eval()
    message = "must observe activations before it quantises them, but has seen none"
    with pytest.raises(InputError, match=message):
        quantiser(picture(1, 4, 3, 3), torch.zeros(1, 2))
    with pytest.raises(InputError, match=message):
        quantiser.export()


@pytest.mark.parametrize("bits", [1, 9])
@pytest.mark.parametrize("name", ["pams", "ddtb", "daq"])
def test_bits_that_no_quantiser_has(name: str, bits: int) -> None:
    with pytest.raises(ValueError, match=f"bits must be in 2..8, not {bits}"):
        make(name, 4, bits)


def test_an_unknown_quantiser() -> None:
    with pytest.raises(ValueError, match="quantiser must be one of cadyq, daq, ddtb, pams"):
        make("lsq", 4, 8)


def test_cadyq_takes_the_highest_score() -> None:
    quantiser = Cadyq(2)
    given = picture(2, 2, 5, 5)
    quantiser.observe(given)
    quantiser.eval()
    steps = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    with torch.no_grad():
        # The second picture has a step down of 1, and gets 4 bits for it.
        quantiser.score.weight[0, 0] = 3.0
    found = quantiser(given, steps)
    assert quantiser.chosen is not None
    assert quantiser.chosen.tolist() == pytest.approx([8.0, 4.0])
    wanted = [quantiser.level(8)(given[:1]), quantiser.level(4)(given[1:])]
    assert torch.allclose(found, torch.cat(wanted), atol=1e-6)


def test_cadyq_reads_steps_and_deviations() -> None:
    quantiser = Cadyq(2)
    given = torch.stack([torch.tensor([[0.0, 2.0], [0.0, 2.0]]), torch.full((2, 2), 5.0)])[None]
    with torch.no_grad():
        quantiser.score.weight[1] = torch.tensor([10.0, 100.0, 1000.0, 10000.0])
        quantiser.score.bias.zero_()
    found = quantiser.scores(given, torch.tensor([[0.5, 0.25]]))
    # Deviations are 1 and 0.
    assert found.tolist() == [[0.0, 5.0 + 25.0 + 1000.0, 0.0]]


def test_cadyq_learns_from_the_mixture() -> None:
    """The gradient of a score is that of the softmax's mixture of the three results."""
    quantiser = Cadyq(1)
    given = picture(1, 1, 4, 4)
    quantiser.observe(given)
    quantiser.eval()
    steps = torch.zeros(1, 2)
    quantiser(given, steps).sum().backward()
    logits = quantiser.score.bias.detach().clone().requires_grad_(True)
    made = torch.stack([quantiser.level(bits)(given).sum() for bits in (4, 6, 8)]).detach()
    # Scores are the bias and the deviation times weights of zero.
    (torch.softmax(logits, 0) * made).sum().backward()
    assert torch.allclose(quantiser.score.bias.grad, logits.grad, atol=1e-6)


def test_cadyq_wants_steps_and_has_three_levels() -> None:
    quantiser = Cadyq(1)
    quantiser.observe(picture(1, 1, 2, 2))
    with pytest.raises(InputError, match="CADyQ must know the steps of the picture"):
        quantiser.eval()(picture(1, 1, 2, 2))
    with pytest.raises(InputError, match="bits must be one of \\(4, 6, 8\\) with CADyQ, not 5"):
        quantiser.level(5)
    with pytest.raises(InputError, match="CADyQ has no fixed codes"):
        quantiser.export()


def test_ddtb_by_hand() -> None:
    """2 bits between -1 and 2: codes -1, 0, 1, 2."""
    ddtb = Ddtb(2, 1)
    ddtb.observe(torch.zeros(1, 1, 1, 1))
    ddtb.eval()
    with torch.no_grad():
        ddtb.lower.fill_(-1.0)
        ddtb.upper.fill_(2.0)
    given = torch.tensor([-5.0, -0.6, -0.4, 0.4, 0.6, 1.4, 9.0], requires_grad=True)
    made = ddtb(given.reshape(1, 1, 1, -1)).flatten()
    assert made.tolist() == pytest.approx([-1, -1, 0, 0, 1, 1, 2], abs=1e-6)
    made.sum().backward()
    assert given.grad.tolist() == [0, 1, 1, 1, 1, 1, 0]
    assert ddtb.export() == Codes(1.0, -1.0, 0, 3)


def test_ddtb_starts_at_percentiles() -> None:
    ddtb = Ddtb(4, 1)
    ddtb.observe(torch.arange(0.0, 101.0).reshape(1, 1, 1, -1))
    assert float(ddtb.lower) == pytest.approx(1.0)
    assert float(ddtb.upper) == pytest.approx(99.0)


def test_ddtb_opens_the_gates_that_vary_most() -> None:
    layers = [Ddtb(4, 1) for _ in range(4)]
    for k, layer in enumerate(layers):
        # Two samples whose largest differ by more in later layers.
        layer.observe(torch.tensor([[[[10.0]]], [[[10.0 + k]]]]))
    open_gates(layers, 0.5)
    assert [bool(layer.gated) for layer in layers] == [False, False, True, True]
    gated = layers[3].eval()
    plain = gated(torch.tensor([[[[3.0]]]]))
    # The factors of a gate of zeros are 1.
    gated.gated.fill_(False)
    assert torch.equal(plain, gated(torch.tensor([[[[3.0]]]])))
    with torch.no_grad():
        gated.gated.fill_(True)
        gated.gate.bias.copy_(torch.tensor([0.0, -100.0]))
        gated.lower.fill_(-1.0)
    # The upper bound is multiplied by 0.
    assert float(gated(torch.tensor([[[[3.0]]]]))) == pytest.approx(0.0, abs=1e-5)
    with pytest.raises(InputError, match="DDTB with an open gate has no fixed codes"):
        gated.export()
    with pytest.raises(InputError, match="DDTB must observe activations"):
        open_gates([Ddtb(4, 1)], 0.5)


def test_daq_by_hand() -> None:
    """2 bits: levels at -1.5, -0.5, 0.5 and 1.5 steps of 0.996 deviations around the mean."""
    given = torch.tensor([0.0, 2.0, 4.0, 10.0]).reshape(1, 1, 2, 2)
    mean, sigma = 4.0, math.sqrt((16 + 4 + 0 + 36) / 4)
    step = 0.996 * sigma
    wanted = [mean + step * k for k in (-1.5, -0.5, 0.5, 1.5)]
    assert Daq(2)(given).flatten().tolist() == pytest.approx(wanted, abs=1e-5)


def test_daq_takes_each_channel_of_each_sample_by_itself() -> None:
    given = picture(2, 3, 6, 6)
    whole = Daq(4)(given)
    for n in range(2):
        for c in range(3):
            alone = Daq(4)(given[n : n + 1, c : c + 1] * 8 + 3)
            assert torch.allclose((alone - 3) / 8, whole[n : n + 1, c : c + 1], atol=1e-5)
    with pytest.raises(InputError, match="DAQ has no fixed codes"):
        Daq(4).export()


@pytest.mark.parametrize("bits", STEPS)
def test_steps_of_daq_are_those_of_least_error(bits: int) -> None:
    """Steps a little shorter and longer have a larger error on a Gaussian."""
    z = np.linspace(-8, 8, 160_001)
    density = np.exp(-(z**2) / 2)

    def error(step: float) -> float:
        top = 2 ** (bits - 1) - 0.5
        level = np.clip(np.floor(z / step) + 0.5, -top, top) * step
        return float(((z - level) ** 2 * density).sum())

    best = error(STEPS[bits])
    assert best < error(STEPS[bits] * 0.98)
    assert best < error(STEPS[bits] * 1.02)


def test_weights_by_hand() -> None:
    weights = torch.tensor([-2.0, 0.5, 0.9, 1.0], requires_grad=True)
    # 3 bits: codes -3..3 of two thirds.
    third = 2 / 3
    made = symmetric(weights, 3)
    assert made.tolist() == pytest.approx([-2.0, third, third, 2 * third], abs=1e-6)
    made.sum().backward()
    assert weights.grad.tolist() == [1.0] * 4
    # 2 bits between -2 and 1: codes -2, -1, 0, 1.
    assert asymmetric(weights, 2).tolist() == pytest.approx([-2, 1, 1, 1], abs=1e-6)
    assert symmetric(torch.zeros(3), 8).tolist() == [0.0, 0.0, 0.0]
