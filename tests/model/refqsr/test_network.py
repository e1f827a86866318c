"""Networks in floats: what runs at which precision, what is learnt, what is handed on."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr.patches import tiling_of
from lutscale.model.refqsr.architecture import ARCHITECTURES, Architecture
from lutscale.model.refqsr.clust_block import Clusters
from lutscale.model.refqsr.network import MixedNetwork
from lutscale.model.refqsr.quantisers import Quantiser
from lutscale.model.systems import SYSTEMS, build
from tests.support.refqsr.networks import picture
from tests.support.refqsr.trained import batch, small


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_what_is_counted_is_what_runs(name: str, scale: int) -> None:
    """Multiplications of the convolutions that PyTorch runs, against the description's."""
    shape = ARCHITECTURES[name](scale)
    network = MixedNetwork(shape).eval()
    seen: dict[str, int] = {}

    def hook(layer: str) -> object:
        def count(module: nn.Module, given: object, made: torch.Tensor) -> None:
            weights = module.weight  # type: ignore[union-attr]
            seen[layer] = weights.numel() * made.shape[2] * made.shape[3]  # type: ignore[operator]

        return count

    layers = dict(network.convolutions.items())
    for k, block in enumerate(network.attentions):
        layers |= {f"attention{k}_{part}": getattr(block, part) for part in ("project", "join")}
    for layer, module in layers.items():
        module.register_forward_hook(hook(layer))  # type: ignore[arg-type]
    with torch.no_grad():
        made = network(torch.zeros(1, 3, 2, 3))
    assert made.shape == (1, 3, 2 * scale, 3 * scale)
    assert seen == {c.name: 6 * c.macs for c in shape.convolutions}


def test_carn_reads_what_its_cascades_gave() -> None:
    """Every residual block is on the way to the result."""
    network = small("carn", blocks=3, quantiser="pams")
    given = batch(1)
    plain = network(given)
    for k in range(3):
        other = small("carn", blocks=3, quantiser="pams")
        with torch.no_grad():
            other.convolutions[f"block{k}_second"].weight.mul_(0)  # type: ignore[operator]
        assert not torch.equal(other(given), plain)
    with pytest.raises(
        InputError, match="family must be srresnet or edsr to be exported, not carn"
    ):
        network.export("carn")


def test_queries_run_low_and_references_high() -> None:
    network = small(quantiser="pams", high=8, low=4, blocks=4)
    used: list[tuple[str, str, int]] = []
    for name, module in network.convolutions.items():
        if name.startswith("block"):
            module.register_forward_pre_hook(
                lambda _, given, name=name: used.append((name, given[1], len(given[0])))
            )
    network._ends = lambda *_: [0, 0, 0, 3]  # type: ignore[method-assign]
    network(batch(4))
    parts = ("first", "second")
    # The first block runs once for all; two references, two queries.
    wanted = [(f"block0_{part}", "high", 4) for part in parts]
    wanted += [(f"block{k}_{part}", "high", 2) for k in (1, 2, 3) for part in parts]
    wanted += [(f"block1_{part}", "low", 2) for part in parts]
    assert used == wanted


def test_a_reference_is_what_the_plain_network_makes() -> None:
    network = small(quantiser="pams", high=8, low=4)
    network._ends = lambda *_: [0, 0, 0, 0]  # type: ignore[method-assign]
    led = network(batch(4))
    network._ends = lambda *_: [0, 1, 2, 3]  # type: ignore[method-assign]
    alone = network(batch(4))
    assert torch.allclose(led[0], alone[0], atol=1e-3)
    assert not torch.allclose(led[1], alone[1], atol=0.1)


def test_refer_starts_as_nothing() -> None:
    """Its fusion is zero: the query keeps its features, whatever the reference."""
    torch.manual_seed(1)
    shape = Architecture("srresnet", 2, 8, 4, direct=True)
    network = MixedNetwork(shape, quantiser="pams", low=4, group=4)
    network(batch(4))
    network.eval()
    network._ends = lambda *_: [0, 0, 2, 2]  # type: ignore[method-assign]
    first = network(batch(4))
    network._ends = lambda *_: [0, 2, 2, 0]  # type: ignore[method-assign]
    second = network(batch(4))
    assert torch.allclose(first, second, atol=1e-3)


def test_every_part_learns() -> None:
    """All but unused things get a gradient from one batch of references and queries."""
    network = small(quantiser="cadyq", low=4).train()
    for module in network.modules():
        if isinstance(module, Quantiser):
            module.seen.fill_(Quantiser.WARM)
    network.clusters.filled.fill_(Clusters.SAMPLES)
    network.clusters.centres.normal_()
    network._ends = lambda *_: [0, 0, 0, 3]  # type: ignore[method-assign]
    (network(batch(4)).abs().mean() + network.penalty(None)).backward()
    without = {name for name, p in network.named_parameters() if p.grad is None}
    assert without == set()
    # Scores learn from the price of bits at least.
    assert float(network.convolutions["block0_first"].high.score.bias.grad.abs().sum()) > 0


def test_the_penalty_is_the_distance_of_the_attention() -> None:
    teacher, pupil = small(seed=2), small(seed=3, quantiser="pams").train()
    given = batch(2)
    with torch.no_grad():
        teacher(given)
    pupil(given)
    maps = []
    for network in (pupil, teacher):
        assert network.body_result is not None
        flat = network.body_result.square().mean(1).flatten(1)
        maps.append(flat / flat.norm(dim=1, keepdim=True))
    wanted = 1e3 * float((maps[0] - maps[1]).square().mean().detach())
    assert float(pupil.penalty(teacher).detach()) == pytest.approx(wanted, rel=1e-4)
    assert float(pupil.penalty(None)) == 0.0


def test_the_price_of_bits_grows() -> None:
    network = small(quantiser="cadyq").train()
    network(batch(2))
    first = float(network.penalty(None).detach())
    # All layers start at 8 bits.
    assert first == pytest.approx(8e-4, rel=0.01)
    network.ages.fill_(20_000)
    assert float(network.penalty(None).detach()) == pytest.approx(8e-3, rel=0.01)


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({}, 0.05),
        ({"quantiser": "pams", "high": 8}, 0.2),
        # A feature between two codes of 4 bits may become either: a step is wide.
        ({"quantiser": "pams", "high": 4}, 0.5),
        ({"quantiser": "cadyq"}, 0.2),
    ],
)
def test_integers_are_near_the_floats(options: dict[str, object], most: float) -> None:
    """A whole picture through the float network and through golden, in levels."""
    network = small(**options)  # type: ignore[arg-type]
    image = picture(3, 30, 40)
    frame = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        made = network(frame)[0].permute(1, 2, 0).numpy()
    floats = np.clip(np.floor(made + 0.5), 0, 255)
    away = np.abs(floats - network.export("a").run_image(image))
    assert away.mean() < most


def test_dispatched_integers_are_near_the_floats() -> None:
    network = small(quantiser="pams", high=8, low=4)
    golden = network.export("a")
    image = picture(3, 40, 60)
    tiling = tiling_of(40, 60)
    patches = tiling.cut(image)
    ends = tuple(2 if n in (2, 3) else 0 for n in range(len(patches)))
    assert len(ends) > 3
    network._ends = lambda *_: list(ends)  # type: ignore[method-assign]
    with torch.no_grad():
        made = network(torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float())
    floats = np.clip(np.floor(made.permute(0, 2, 3, 1).numpy() + 0.5), 0, 255)
    results, _ = golden.run_patches(patches, ends)
    assert np.abs(floats - np.stack(results)).mean() < 0.6


def test_weights_are_handed_on() -> None:
    """Full precision to PAMS to RefQSR: convolutions go along, the rest starts anew."""
    full = small()
    pams = small(quantiser="pams", seed=2)
    pams.load_state_dict(pams.lent(full.state_dict(), rescaled=False))
    refqsr = small(quantiser="pams", low=4, seed=3)
    refqsr.load_state_dict(refqsr.lent(pams.state_dict(), rescaled=False))
    names = [name for name in full.state_dict() if name.endswith("block1_first.weight")]
    assert names
    for name in names:
        assert torch.equal(full.state_dict()[name], refqsr.state_dict()[name])
    bound = "convolutions.block1_first.high.bound"
    assert torch.equal(pams.state_dict()[bound], refqsr.state_dict()[bound])


def test_a_stranger_lends_nothing() -> None:
    with pytest.raises(RuntimeError, match="convolutions.head.weight is missing"):
        small().lent({"layers.0.entries": torch.zeros(1)}, rescaled=False)


def test_another_scale_lends_all_but_what_is_behind_the_body() -> None:
    double, fourfold = small(scale=2), small(scale=4, seed=5)
    own = fourfold.state_dict()["convolutions.patches.weight"].clone()
    fourfold.load_state_dict(fourfold.lent(double.state_dict(), rescaled=True))
    assert torch.equal(fourfold.state_dict()["convolutions.patches.weight"], own)
    head = "convolutions.head.weight"
    assert torch.equal(fourfold.state_dict()[head], double.state_dict()[head])


def test_bounds_are_learnt_faster() -> None:
    network = small(quantiser="pams", low=4)
    rates = network.rates()
    assert [factor for _, factor in rates] == [1.0, 10.0]
    assert all(p.ndim == 0 for p in rates[1][0])
    assert sum(len(group) for group, _ in rates) == len(list(network.parameters()))
    assert len(small().rates()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantiser": "pams", "high": 9}, "high must be in 2..8, not 9"),
        ({"quantiser": "pams", "low": 8}, "low must be in 2..7, not 8"),
        ({"low": 4}, "quantiser must be given for RefQSR, but is missing"),
        ({"quantiser": "pams", "low": 4, "blocks": 2}, "blocks must be at least 3 for RefQSR"),
        ({"quantiser": "pams", "low": 4, "group": 1}, "group must be in 2..64, not 1"),
        ({"quantiser": "none"}, "quantiser must be one of cadyq, daq, ddtb, pams"),
        ({"quantiser": "cadyq", "low": 5}, "bits must be one of (4, 6, 8) with CADyQ, not 5"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        build("srresnet-s-x4", options)
    assert message in str(error.value)


@pytest.mark.parametrize("quantiser", ["ddtb", "daq"])
def test_quantisers_that_train_but_have_no_integers(quantiser: str) -> None:
    network = small(quantiser=quantiser, high=4)
    assert bool(network(batch(1)).isfinite().all())
    with pytest.raises(InputError, match="quantiser must be pams or cadyq to be exported, not"):
        network.export("a")


def test_no_export_before_training() -> None:
    with pytest.raises(InputError, match="a network must be trained before it is exported"):
        build("srresnet-s-x4").export("a")


def test_names() -> None:
    assert {name for name in SYSTEMS if name.startswith("srresnet-s")} == {
        f"srresnet-s{body}-x4"
        for body in (
            "",
            "-pams8",
            "-pams4",
            "-cadyq",
            "-pams8-refqsr",
            "-pams4-refqsr",
            "-cadyq-refqsr",
        )
    }


def test_bounds_and_bits_have_their_own_price() -> None:
    network = small(quantiser="cadyq", low=None, bound_rate=3.0, bit_price=0.5)
    (others, one), (bounds, rate) = network.rates()
    assert (one, rate) == (1.0, 3.0)
    # Of each convolution three bounds, and weight and bias of the scores.
    assert len(bounds) == 5 * sum(name.startswith("block") for name in network.convolutions)
    assert {id(p) for p in (*others, *bounds)} == {id(p) for p in network.parameters()}
    network(batch(2))
    # All choose 8 bits at first.
    assert float(network.penalty(None)) == pytest.approx(0.5 * 8)
