"""A network as passes over tiles, and the contents of all ROMs of the tile processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lutscale.golden.layers import Requantise, Residual
from lutscale.golden.refqsr.mixed import BitSelector
from lutscale.golden.refqsr.network import Network
from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.choices import chains_of, choices_of
from lutscale.hw.refqsr.passes import Added, Engine, Pass, Source
from lutscale.hw.refqsr.stages import Stage, phase_order, stages_of
from lutscale.hw.refqsr.tables import ScheduleTables

__all__ = ["PARTS", "Schedule"]

PARTS = ("head", "body", "refer", "tail")
"""Head convolution, residual blocks, RefER, and what follows them."""

_FEATURES = (-(1 << 15), (1 << 15) - 1)
Fields = dict[str, Any]
"""Of a `Pass`, by name."""

_SUMS = 1 << 23
"""What features, and their sums over squares, stay below."""


@dataclass(frozen=True, eq=False)
class _Step:
    """A convolution on its way.

    Attributes:
        stage: what it is.
        others: the same at other precisions, of which one runs.
        selector: what chooses among all of them, highest first, or None.
        added, sums: what is added behind it, and the range of the sum; None where nothing is added.
        writes: fields of `Pass` that say where features go.
        refer: number of the RefER block whose fusion it is, or None.
        keeps: number of the RefER block that will read these features of a reference, or None.
        part: of the network.
    """

    stage: Stage
    others: tuple[Stage, ...] = ()
    selector: BitSelector | None = None
    added: Added = Added.NOTHING
    sums: tuple[int, int] | None = None
    writes: tuple[str, ...] = ()
    refer: int | None = None
    keeps: int | None = None
    part: str = "body"


class Schedule:
    """What the tile processor does, pass by pass, and what it reads.

    Args:
        network: SRResNet in integers, of one precision, of one that each layer chooses, or with
            references and queries.
        build: for which lanes and tiles.

    Attributes:
        passes: of a reference (or of every tile, without dispatch), then those of a query.
        query: number of the first pass of a query; 0 without dispatch.
        parts: of which part of the network each pass is, one of `PARTS`.
        tables: contents of the ROMs.
        choices: precisions that a layer chooses among; 1 where all are prescribed.
        pool: side of RefER's squares; 1 without dispatch.
        descriptors: numbers of a descriptor; 1 without dispatch.

    Raises:
        ValueError: layers stand as the processor does not run them, or choose among another number
            of precisions than others.
    """

    def __init__(self, network: Network, build: TileBuild) -> None:
        self.network, self.build = network, build
        self.choices = choices_of(network)
        self.tables = ScheduleTables(
            build.lanes_of(network), max(network.channels, 3), self.choices
        )
        self._codes = Source.PICTURE
        self._found: list[Pass] = []
        self._parts: list[str] = []
        dispatch = network.dispatch
        self.refer: tuple[ReferBlock, ...] = () if dispatch is None else dispatch.refer
        self.pool = self.refer[0].pool if self.refer else 1
        if any(refer.pool != self.pool for refer in self.refer):
            raise ValueError("pool must be the same in both RefER blocks for the tile processor")
        if self.pool & (self.pool - 1):
            raise ValueError(f"pool must be a power of two for the tile processor, not {self.pool}")
        self.descriptors = max((r.descriptor.output.channels for r in self.refer), default=1)
        if any(r.descriptor.output.channels != self.descriptors for r in self.refer):
            raise ValueError("descriptors must have the same length in both RefER blocks")
        self.query = 0
        self._emit(self._plain(None if dispatch is None else dispatch.high))
        if dispatch is not None:
            self.query = len(self._found)
            self._emit(self._queries(dispatch.high, dispatch.low))
        self.parts = tuple(self._parts)
        first = self.tables.wide_words
        self.passes = tuple(
            replace(each, weights=each.weights + (0 if each.wide else first))
            for each in self._found
        )

    def most_clocks(self, width: int, height: int) -> int:
        """More clocks than a tile of that size takes, where its streams never wait."""
        places, most = width * height, 0
        for each in self.passes:
            if each.engine == Engine.FLOW:
                most += 2 * (places // self.pool**2 + 64) ** 2
            elif each.engine == Engine.SELECT:
                most += 100 * (self.network.channels + 3)
            else:
                parts = each.phases * each.groups
                most += places * parts * (each.bits * each.taps + each.outs + 64)
        return most

    def _plain(self, bits: int | None) -> list[_Step]:
        """All blocks at one precision; what enters the last two is kept for RefER."""
        count = len(self.network.blocks)
        steps = self._head()
        for k in range(count):
            made = self._block(k, bits)
            if self.refer and k in (count - 3, count - 2):
                made[-1] = replace(made[-1], keeps=k - (count - 3))
            steps += made
        return [*steps, *self._tail()]

    def _queries(self, high: int | None, low: int) -> list[_Step]:
        """The first block as in references, then low, then RefER."""
        steps = self._head()
        for k in range(len(self.network.blocks) - len(self.refer)):
            steps += self._block(k, low if k else high)
        for k, refer in enumerate(self.refer):
            (stage,) = stages_of(refer.fusion)
            sums = Fields(added=Added.BODY, sums=_FEATURES)
            steps.append(_Step(stage, writes=("to_body",), refer=k, part="refer", **sums))
        return [*steps, *self._tail()]

    def _head(self) -> list[_Step]:
        *before, last = (_Step(s, part="head") for s in stages_of(self.network.head))
        return [*before, replace(last, writes=("to_head", "to_body"))]

    def _block(self, k: int, bits: int | None) -> list[_Step]:
        steps = []
        block = self.network.blocks[k]
        for mixed in (block.first, block.second):
            chains = chains_of(mixed, bits, f"block {k}")
            first, *others = (stages_of(chain) for chain in chains)
            if not others:
                steps += [_Step(stage) for stage in first]
                continue
            if len(first) > 1:
                raise ValueError(
                    f"block {k}: a layer that chooses its precision must be one convolution, not "
                    f"{len(first)}"
                )
            steps.append(_Step(first[0], tuple(stage for (stage,) in others), mixed.selector))
        last = replace(steps[-1], added=Added.BODY, sums=_FEATURES, writes=("to_body",))
        return [*steps[:-1], last]

    def _tail(self) -> list[_Step]:
        steps = []
        for stage in stages_of(self.network.tail):
            if stage.residual is None:
                steps.append(_Step(stage, part="tail"))
                continue
            added = self._added(stage.residual)
            sums = (stage.residual.lo, stage.residual.hi)
            steps.append(_Step(stage, added=added, sums=sums, part="tail"))
        # Chains are checked to end in pixels at the network's scale.
        if steps[-1].stage.scale != self.network.scale:
            raise ValueError(
                "tail: one pixel shuffle at its end must make all of the scale for the tile "
                f"processor, not {steps[-1].stage.scale} of {self.network.scale}"
            )
        return steps

    def _added(self, residual: Residual) -> Added:
        plain = residual.gain == 1 and residual.channels is None
        wanted = {0: "bilinear", 1: "none", 2: "none"}
        if not plain or residual.channel_lo or residual.channel_hi:
            raise ValueError("tail: residual must have gain 1, all channels and one range")
        if residual.source not in wanted or residual.upsample != wanted[residual.source]:
            raise ValueError(
                "tail: residual must add the picture, upsampled bilinearly, or features as they "
                f"are for the tile processor, not value {residual.source} ({residual.upsample})"
            )
        return (Added.PICTURE, Added.HEAD, Added.BODY)[residual.source]

    def _emit(self, steps: Sequence[_Step]) -> None:
        self._codes = Source.PICTURE
        for k, step in enumerate(steps):
            following = steps[k + 1] if k + 1 < len(steps) else None
            if step.selector is not None:
                self._select(step.selector)
            self._convolve(step, following)
            self._parts += [step.part] * (len(self._found) - len(self._parts))
            if step.keeps is not None:
                self._describe(step.keeps, {"to_store": 1})
            if following is not None and following.refer is not None:
                self._match(following.refer)
            # All else is RefER's.
            self._parts += ["refer"] * (len(self._found) - len(self._parts))
        self._found[-1] = replace(self._found[-1], last=1)

    def _select(self, selector: BitSelector) -> None:
        """The choice of a layer's precision, by words of biases, steps and channels."""
        words = np.concatenate([selector.bias[:, None], selector.weights], 1)[::-1].T
        scores = self.tables.add_scores([tuple(row) for row in words.tolist()])
        self._found.append(Pass(engine=Engine.SELECT, scores=scores, others=self._unused))

    def _convolve(self, step: _Step, following: _Step | None) -> None:
        """A pass, or one for each precision."""
        stage = step.stage
        turns = step.refer is not None
        source = self._other() if turns else self._codes
        if following is None:
            given, to = self._pixels(stage), "to_stream"
        elif following.refer is not None:
            # The query's half of the fusion's codes.
            given = self._second(following.stage.before, self.network.channels, half=1)
            to = self._flip()
        else:
            wanted = [each.before for each in (following.stage, *following.others)]
            given = self._second(wanted[0], stage.convolution.outputs, wanted[1:])
            to = self._flip()
        phases = 1 if following is not None else stage.scale
        for variant, each in enumerate((stage, *step.others)):
            if each.after is None:
                raise ValueError(
                    "convolutions must have a requantise behind them, but one has none"
                )
            low, high = step.sums or (each.after.lo, each.after.hi)
            self._found.append(
                Pass(
                    engine=Engine.CONVOLVE,
                    source=source,
                    variant=variant,
                    turns=int(turns),
                    **self._convolution(each, phases=phases, turns=turns, variant=variant),
                    added=step.added,
                    low_sum=low,
                    high_sum=high,
                    **given,
                    **Fields(dict.fromkeys((*step.writes, to), 1)),
                    to_store=int(step.keeps is not None),
                    which=step.keeps or step.refer or 0,
                    collect=int(following is not None and following.selector is not None),
                    skip=len(step.others) - variant,
                )
            )

    # The code memories: each pass reads one and writes the other.

    def _flip(self) -> str:
        """The field of the code memory to be written; it is read from then on."""
        self._codes = self._other()
        return f"to_codes{self._codes - 1}"

    def _other(self) -> Source:
        return Source.CODES1 if self._codes == Source.CODES0 else Source.CODES0

    def _convolution(
        self, stage: Stage, *, phases: int = 1, turns: bool = False, variant: int = 0
    ) -> Fields:
        """The fields that say what a convolution reads, and its first requantise."""
        layer, after = stage.convolution, stage.after
        assert after is not None
        order = phase_order(layer, phases)
        weights, wide = self.tables.add_weights(layer, order, turns=turns)
        numbers = [o for phase in order for o in phase]
        rows = [(int(layer.bias[o]), int(after.multiplier[o])) for o in numbers]
        self.tables.fit(layer.output_type([stage.codes]), stage.codes, variant)
        return {
            "bits": stage.codes.bits,
            "positive": int(not stage.codes.signed),
            "reach": 0 if turns else layer.side // 2,
            "groups": -(-len(order[0]) // self.tables.lanes),
            "phases": phases,
            "outs": len(order[0]),
            "weights": weights,
            "wide": int(wide),
            "constants": self.tables.add_constants(rows),
            "shift": after.shift,
            "low": after.lo,
            "high": after.hi,
        }

    @property
    def _unused(self) -> tuple[tuple[int, int, int], ...]:
        """Second requantises to precisions that nobody reads."""
        return ((1, 0, 0),) * (self.choices - 1)

    def _second(
        self,
        layer: Requantise | None,
        channels: int,
        others: Sequence[Requantise | None] = (),
        half: int = 0,
    ) -> Fields:
        """The fields of the second requantise; None keeps the number."""
        if layer is None:
            # What is no pixel goes nowhere.
            numbers, shift, low, high = [2] * channels, 1, 0, 255
        else:
            numbers = _multipliers(layer)[half * channels :]
            shift, low, high = layer.shift, layer.lo, layer.hi
        further = [other for other in others if other is not None]
        return {
            "multipliers": self.tables.add_multipliers(numbers, *map(_multipliers, further)),
            "shift_codes": shift,
            "low_codes": low,
            "high_codes": high,
            "others": tuple((o.shift, o.lo, o.hi) for o in further) or self._unused,
        }

    def _pixels(self, stage: Stage) -> Fields:
        """The fields of the second requantise of the last convolution, in the order of phases."""
        if stage.final is None:
            return self._second(None, stage.convolution.outputs)
        order = [o for phase in phase_order(stage.convolution, stage.scale) for o in phase]
        final = replace(stage.final, multiplier=stage.final.multiplier[order])
        return self._second(final, len(order))

    def _kept(self) -> Fields:
        """The first requantise and the sum, where numbers come as features."""
        rows = [(0, 2)] * self.network.channels
        return {
            "constants": self.tables.add_constants(rows),
            "outs": self.network.channels,
            "low": -_SUMS,
            "high": _SUMS - 1,
            "low_sum": -_SUMS,
            "high_sum": _SUMS - 1,
        }

    def _describe(self, k: int, writes: Fields) -> None:
        """Sums over squares, their convolution, unit vectors; codes in use are spared."""
        (stage,) = stages_of(self.refer[k].descriptor)
        assert stage.after is not None
        free = self._other()
        squares = self._second(stage.before, self.network.channels)
        to: Fields = {f"to_codes{free - 1}": 1}
        self._found.append(Pass(engine=Engine.SQUARES, which=k, **self._kept(), **squares, **to))
        self._found.append(
            Pass(
                engine=Engine.CONVOLVE,
                small=1,
                source=free,
                **self._convolution(stage),
                low_sum=stage.after.lo,
                high_sum=stage.after.hi,
                **self._second(None, self.descriptors),
                to_raw=1,
                which=k,
            )
        )
        self._found.append(
            Pass(engine=Engine.UNITS, small=1, which=k, others=self._unused, **writes)
        )

    def _match(self, k: int) -> None:
        """The flow, and codes of the warped features beside the query's."""
        self._describe(k, {})
        self._found.append(Pass(engine=Engine.FLOW, small=1, which=k, others=self._unused))
        (stage,) = stages_of(self.refer[k].fusion)
        assert stage.before is not None
        channels = self.network.channels
        first = replace(stage.before, multiplier=stage.before.multiplier[:channels])
        codes = self._second(first, channels)
        to: Fields = {f"to_codes{self._other() - 1}": 1}
        self._found.append(Pass(engine=Engine.WARP, which=k, **self._kept(), **codes, **to))


def _multipliers(layer: Requantise) -> list[int]:
    return [int(number) for number in layer.multiplier]
