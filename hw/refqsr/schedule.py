"""A network as passes over tiles, and the contents of all ROMs of the tile processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lutscale.golden.layers import Requantise, Residual
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.network import Network
from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.passes import Added, Engine, Pass, Source
from lutscale.hw.refqsr.stages import Stage, stages_of
from lutscale.hw.refqsr.tables import ScheduleTables

__all__ = ["PARTS", "Schedule"]

PARTS = ("head", "body", "refer", "tail")
"""Head convolution, residual blocks, RefER, and what follows them."""

_FEATURES = (-(1 << 15), (1 << 15) - 1)
_SUMS = 1 << 23
"""What features, and their sums over squares, stay below."""


@dataclass(frozen=True, eq=False)
class _Step:
    """A convolution on its way.

    Attributes:
        stage: what it is.
        added, sums: what is added behind it, and the range of the sum; None where nothing is added.
        writes: fields of `Pass` that say where features go.
        refer: number of the RefER block whose fusion it is, or None.
        keeps: number of the RefER block that will read these features of a reference, or None.
        part: of the network.
    """

    stage: Stage
    added: Added = Added.NOTHING
    sums: tuple[int, int] | None = None
    writes: tuple[str, ...] = ()
    refer: int | None = None
    keeps: int | None = None
    part: str = "body"


class Schedule:
    """What the tile processor does, pass by pass, and what it reads.

    Args:
        network: SRResNet in integers, of one precision or with references and queries at
            prescribed ones.
        build: for which lanes and tiles.

    Attributes:
        passes: of a reference (or of every tile, without dispatch), then those of a query.
        query: number of the first pass of a query; 0 without dispatch.
        parts: of which part of the network each pass is, one of `PARTS`.
        tables: contents of the ROMs.
        pool: side of RefER's squares; 1 without dispatch.
        descriptors: numbers of a descriptor; 1 without dispatch.

    Raises:
        ValueError: layers choose their precision, or stand as the processor does not run them.
    """

    def __init__(self, network: Network, build: TileBuild) -> None:
        self.network, self.build = network, build
        self.tables = ScheduleTables(build.lanes_of(network), max(network.channels, 3))
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
            steps.append(
                _Step(stage, Added.BODY, _FEATURES, writes=("to_body",), refer=k, part="refer")
            )
        return [*steps, *self._tail()]

    def _head(self) -> list[_Step]:
        *before, last = (_Step(s, part="head") for s in stages_of(self.network.head))
        return [*before, replace(last, writes=("to_head", "to_body"))]

    def _block(self, k: int, bits: int | None) -> list[_Step]:
        steps = []
        block = self.network.blocks[k]
        for mixed in (block.first, block.second):
            if bits is None and len(mixed.chains) > 1:
                raise ValueError(
                    f"block {k}: precision must be prescribed for the tile processor, but layers "
                    "choose it"
                )
            chain = next(iter(mixed.chains.values())) if bits is None else mixed.chains[bits]
            steps += [_Step(stage) for stage in stages_of(chain)]
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
            steps.append(_Step(stage, added, sums, part="tail"))
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
            self._convolve(step, following)
            self._parts.append(step.part)
            if step.keeps is not None:
                self._describe(step.keeps, {"to_store": 1})
            if following is not None and following.refer is not None:
                self._match(following.refer)
            # All else is RefER's.
            self._parts += ["refer"] * (len(self._found) - len(self._parts))
        self._found[-1] = replace(self._found[-1], last=1)

    def _convolve(self, step: _Step, following: _Step | None) -> None:
        stage = step.stage
        if stage.after is None:
            raise ValueError("convolutions must have a requantise behind them, but one has none")
        turns = step.refer is not None
        source = self._other() if turns else self._codes
        if following is None:
            given, writes = self._pixels(stage), {"to_stream": 1}
        elif following.refer is not None:
            # The query's half of the fusion's codes.
            given = self._second(following.stage.before, self.network.channels, half=1)
            writes = {self._flip(): 1}
        else:
            given = self._second(following.stage.before, stage.convolution.outputs)
            writes = {self._flip(): 1}
        phases = 1 if following is not None else stage.scale
        low, high = step.sums or (stage.after.lo, stage.after.hi)
        self._found.append(
            Pass(
                engine=Engine.CONVOLVE,
                source=source,
                turns=int(turns),
                **self._convolution(stage, phases=phases, turns=turns),
                added=step.added,
                low_sum=low,
                high_sum=high,
                **given,
                **dict.fromkeys(step.writes, 1),
                **writes,
                to_store=int(step.keeps is not None),
                which=step.keeps or step.refer or 0,
            )
        )

    # The code memories: each pass reads one and writes the other.

    def _flip(self) -> str:
        """The field of the code memory to be written; it is read from then on."""
        self._codes = self._other()
        return f"to_codes{self._codes - 1}"

    def _other(self) -> Source:
        return Source.CODES1 if self._codes == Source.CODES0 else Source.CODES0

    def _convolution(self, stage: Stage, *, phases: int = 1, turns: bool = False) -> dict[str, int]:
        """The fields that say what a convolution reads, and its first requantise."""
        layer, after = stage.convolution, stage.after
        assert after is not None
        order = _phase_order(layer, phases)
        weights, wide = self.tables.add_weights(layer, order, turns=turns)
        numbers = [o for phase in order for o in phase]
        rows = [(int(layer.bias[o]), int(after.multiplier[o])) for o in numbers]
        self.tables.fit(layer.output_type([stage.codes]), stage.codes)
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

    def _second(self, layer: Requantise | None, channels: int, half: int = 0) -> dict[str, int]:
        """The fields of the second requantise; None keeps the number."""
        if layer is None:
            # What is no pixel goes nowhere.
            numbers, shift, low, high = [2] * channels, 1, 0, 255
        else:
            given = [int(number) for number in layer.multiplier]
            numbers = given[half * channels :]
            shift, low, high = layer.shift, layer.lo, layer.hi
        return {
            "multipliers": self.tables.add_multipliers(numbers),
            "shift_codes": shift,
            "low_codes": low,
            "high_codes": high,
        }

    def _pixels(self, stage: Stage) -> dict[str, int]:
        """The fields of the second requantise of the last convolution, in the order of phases."""
        if stage.final is None:
            return self._second(None, stage.convolution.outputs)
        order = [o for phase in _phase_order(stage.convolution, stage.scale) for o in phase]
        final = replace(stage.final, multiplier=stage.final.multiplier[order])
        return self._second(final, len(order))

    def _kept(self) -> dict[str, int]:
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

    def _describe(self, k: int, writes: dict[str, int]) -> None:
        """Sums over squares, their convolution, unit vectors; codes in use are spared."""
        (stage,) = stages_of(self.refer[k].descriptor)
        assert stage.after is not None
        free = self._other()
        squares = self._second(stage.before, self.network.channels)
        to = {f"to_codes{free - 1}": 1}
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
        self._found.append(Pass(engine=Engine.UNITS, small=1, which=k, **writes))

    def _match(self, k: int) -> None:
        """The flow, and codes of the warped features beside the query's."""
        self._describe(k, {})
        self._found.append(Pass(engine=Engine.FLOW, small=1, which=k))
        (stage,) = stages_of(self.refer[k].fusion)
        assert stage.before is not None
        channels = self.network.channels
        first = replace(stage.before, multiplier=stage.before.multiplier[:channels])
        codes = self._second(first, channels)
        to = {f"to_codes{self._other() - 1}": 1}
        self._found.append(Pass(engine=Engine.WARP, which=k, **self._kept(), **codes, **to))


def _phase_order(layer: QuantisedConvolution, phases: int) -> list[list[int]]:
    """The outputs of each row of HR pixels: pixel by pixel, R, G and B together."""
    if phases == 1:
        return [list(range(layer.outputs))]
    colours = layer.outputs // phases**2
    return [
        [(c * phases + i) * phases + j for j in range(phases) for c in range(colours)]
        for i in range(phases)
    ]
