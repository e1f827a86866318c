"""Twin of golden/layers/tap_tables.py: tables trained directly, without enumeration.

A word is the lowest entry plus each segment's rise times the weight inside it, so that an
interpolated tap layer is an ordinary convolution over in_channels * (nodes - 1) channels whose
weight IS the table; node positions get gradients through the weights. Direct tables are read,
and their gradient with respect to the code is the slope between neighbouring entries: every
pixel reads all taps of its words at once, which are then added where they belong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.golden.layers import TapTables
from lutscale.golden.quantiser import Quantiser
from lutscale.model.layers.broken_lines import line_entries, line_sums
from lutscale.model.layers.code_levels import all_levels, levels_within
from lutscale.model.layers.direct_taps import direct_sums, exact_sums, turned_offsets
from lutscale.model.layers.node_positions import node_positions
from lutscale.model.layers.operations import clamped, convolved, replicated
from lutscale.model.layers.requantise import DiscretiseTwin, requantised
from lutscale.model.layers.tie import Tie
from lutscale.model.layers.twin import Twin, round_through
from lutscale.model.shapes.tied import stored_channels

__all__ = ["TapTablesTwin"]

# Entries are trained near 1 and are worth this many code steps: it suits one learning rate.
_GAIN = 128.0


class TapTablesTwin(Twin):
    """Tap tables with learnt entries, entry scales and node positions.

    Args:
        in_channels, out_channels, kernel: as golden's.
        nodes: tables interpolated between so many nodes; None for direct tables.
        entry_bits: bits of an entry; one learnt scale an output channel (as LSQ, ICLR 2020).
        groups: as golden's.
        code_bits, code_signed: of the input codes.
        fraction_bits: bits of the interpolation weight.
        learn_nodes: whether node positions move from uniform.
        learn_scale: whether entry scales are learnt; else the output is the integer sum.
        spread: standard deviation of the output at the start, in units of 128 codes.
        code_ranges: first and last code of each input channel; for direct tables only, as all
            that follow.
        discretise: the layer before, when the code ranges are learnt there.
        bend: distance in codes of the nodes of a broken line that is trained beside the
            entries and added to them: it moves many at once. 0 for none.
        lines: nodes of the broken line that each table is until `to_tables`, evenly over the codes
            of its channel, whose scale stays as it is so long; 0 for none. For tables whose entries
            have no scale, of one group or one for each channel, in one orientation.
        rotations, origin, border: as golden's.
        symmetry, role: as golden's; channels are counted with all shares, and the shares have
            their entries and scales in common. For interpolated tables.
        quantiser_of: interpolated tables with the same codes, whose node positions these have.

    Attributes:
        gradients: to what the numbers are rounded that gradients are computed of, for
            interpolated tables and lines; what the next layer gets is not rounded.
    """

    quantiser_of: tuple[TapTablesTwin | None]
    gradients = torch.float32

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, int],
        *,
        nodes: int | None = 5,
        entry_bits: int = 8,
        code_bits: int = 8,
        code_signed: bool = True,
        fraction_bits: int = 6,
        learn_nodes: bool = True,
        learn_scale: bool = True,
        spread: float = 0.5,
        code_ranges: Sequence[tuple[int, int]] | None = None,
        discretise: DiscretiseTwin | None = None,
        bend: int = 0,
        lines: int = 0,
        groups: int = 1,
        rotations: int = 1,
        origin: tuple[int, int] | None = None,
        border: str = "replicate",
        symmetry: str | None = None,
        role: str | None = None,
        quantiser_of: TapTablesTwin | None = None,
    ) -> None:
        super().__init__()
        direct_only = (code_ranges, discretise, origin, rotations > 1, border != "replicate")
        if nodes is not None and any(direct_only):
            raise ValueError(
                "nodes must be None with code ranges, rotations, an origin or a border, not "
                f"{nodes}"
            )
        plain = origin is None and border == "replicate" and rotations == 1
        direct = nodes is None and not learn_scale and groups in (1, in_channels)
        if lines and not (lines > 1 and plain and direct):
            raise ValueError(
                "lines must be 2 nodes or more, of direct tables in one group or one a channel, "
                f"without scales, rotations, an origin or a border, not {lines}"
            )
        if symmetry is not None and (nodes is None or groups > 1):
            raise ValueError(
                f"nodes must be a number and groups 1 with a symmetry, not {nodes} and {groups}"
            )
        if quantiser_of is not None and quantiser_of.nodes != nodes:
            raise ValueError(
                f"nodes must be {quantiser_of.nodes} with the quantiser of tables that have so "
                f"many, not {nodes}"
            )
        self.learn_scale, self.symmetry, self.role = learn_scale, symmetry, role
        self.groups, self.rotations, self.border, self.origin = groups, rotations, border, origin
        # Tuples, so that their parameters are not counted as this layer's, too.
        self.discretise, self.quantiser_of = (discretise,), (quantiser_of,)
        self.nodes: int | None = nodes
        self.kernel, self.entry_bits, self.fraction_bits = kernel, entry_bits, fraction_bits
        self.code_bits, self.code_signed = code_bits, code_signed
        self.code_lo = -(1 << (code_bits - 1)) if code_signed else 0
        self.code_hi = self.code_lo + (1 << code_bits) - 1
        self.code_ranges = code_ranges
        fan_in = in_channels // groups * kernel[0] * kernel[1]
        if symmetry is not None and role is not None:
            in_channels, out_channels = stored_channels(symmetry, role, in_channels, out_channels)
        if code_ranges is None:
            code_ranges = [(self.code_lo, self.code_hi)] * in_channels
        counts = [nodes or last - first + 1 for first, last in code_ranges]
        levels = max(counts)
        self.first: Tensor
        first = torch.tensor([float(first) for first, _ in code_ranges])
        self.register_buffer("first", first, persistent=False)
        self.counts: Tensor
        self.register_buffer("counts", torch.tensor(counts), persistent=False)
        # (out, in, 1, kh, kw) 1 for the functions that stay, 0 for others; see model.pruning.
        self.kept: Tensor | None
        self.register_buffer("kept", None, persistent=False)
        # Added to positions of another layer, it keeps PyTorch's compiler from taking both layers'
        # weights together, which makes a step twice as long.
        self.nothing: Tensor
        self.register_buffer("nothing", torch.zeros(1), persistent=False)
        if quantiser_of is None:
            learnt = learn_nodes and nodes is not None
            self.theta = nn.Parameter(torch.zeros(levels - 1), requires_grad=learnt)
        # Start from random functions that are a line plus a kink: better than noise at nodes.
        where = torch.ones(in_channels, levels, 1, 1)
        for c, count in enumerate(counts):
            where[c, :count, 0, 0] = torch.linspace(-1, 1, count)
        outputs = out_channels // groups
        line, kink = torch.randn(2, outputs, in_channels, 1, *kernel)
        start = line * where + kink * (where.abs() - 0.5)
        start = start * spread / fan_in**0.5
        self.entries = nn.Parameter(start)  # (out, in, levels, kh, kw)
        self.bends: nn.Parameter | None = None
        if bend and levels > 2 * bend:
            self.bends = nn.Parameter(torch.zeros(*start.shape[:2], levels // bend + 1, *kernel))
        self.lines: nn.Parameter | None = None
        self.on_lines = bool(lines)
        if lines:
            firsts, lasts = (limit - first for limit in self._limits())
            along = torch.linspace(0, 1, lines)
            places = firsts[:, None] + (lasts - firsts)[:, None] * along
            every = torch.zeros_like(firsts), torch.full_like(firsts, levels - 1)
            self.lines = nn.Parameter(line_entries(start, *every, places).detach())
            self.entered: Tensor
            self.register_buffer("entered", torch.tensor(False))
            self.register_load_state_dict_post_hook(_follow_state)
            self._hold(True)
        peak = start.abs().amax(dim=(1, 2, 3, 4)).clamp(min=1e-4)
        self.tie: Tie | None = None
        if symmetry is not None and role is not None:
            self.tie = Tie(symmetry, role, start.shape)
            peak = self.tie.largest(peak)
        if learn_scale:
            peak = peak.repeat(groups)
        scale = torch.log(2 * peak / (1 << (entry_bits - 1)))
        self.log_scale = nn.Parameter(scale, requires_grad=learn_scale)

    def _hold(self, on_lines: bool) -> None:
        self.on_lines = on_lines
        if self.discretise[0] is not None:
            self.discretise[0].held = on_lines

    @torch.no_grad()
    def to_tables(self) -> None:
        """From now on train the entries, which start on the lines."""
        if self.on_lines:
            self.entries.copy_(self._on_lines())
            self.entered.fill_(True)
            self._hold(False)

    def _limits(self) -> tuple[Tensor, Tensor]:
        """(channels,) the first code of each channel, and the last."""
        if self.discretise[0] is not None:
            return self.discretise[0].limits()
        return self.first, self.first + self.counts - 1

    def _on_lines(self) -> Tensor:
        """(out, in, levels, kh, kw) what the lines have at the codes."""
        assert self.lines is not None
        levels = torch.arange(self.entries.shape[2]).to(self.first)
        firsts, lasts = self._limits()
        # Levels count from the first code that a channel may ever have.
        return line_entries(self.lines, firsts - self.first, lasts - self.first, levels)

    @property
    def _middle(self) -> tuple[int, int]:
        height, width = self.kernel
        return (height - 1) // 2, (width - 1) // 2

    def positions(self) -> Tensor:
        """(nodes,) increasing positions from the lowest code to the highest."""
        if self.quantiser_of[0] is not None:
            return self.quantiser_of[0].positions() + self.nothing
        least = self._least()
        steps = torch.softmax(self.theta, 0) * (1 - least * len(self.theta)) + least
        start = torch.zeros(1, dtype=steps.dtype, device=steps.device)
        along = torch.cat([start, torch.cumsum(steps, 0)])
        return self.code_lo + (self.code_hi - self.code_lo) * along

    @torch.no_grad()
    def place(self, nodes: Tensor) -> None:
        """Move the nodes to (nodes,) positions, the first and the last to the ends."""
        shares = (nodes[1:] - nodes[:-1]) / (nodes[-1] - nodes[0])
        self.theta.copy_(torch.log((shares - self._least()).clamp(min=1e-4)))

    def _least(self) -> float:
        # No segment is narrower than one code, so that each code lies in one segment only.
        return min(1 / (self.code_hi - self.code_lo), 1 / len(self.theta))

    def integer_entries(self) -> Tensor:
        """(out, in, levels, kh, kw) entries as integers, with straight-through gradients."""
        return round_through(self._scaled_entries())

    def _scaled_entries(self) -> Tensor:
        half = 1 << (self.entry_bits - 1)
        entries: Tensor = self._on_lines() if self.on_lines else self.entries
        if self.bends is not None:
            lines = self.bends.movedim(2, -1).flatten(2, 3)
            lines = F.interpolate(
                lines.flatten(0, 1), entries.shape[2], mode="linear", align_corners=True
            )
            shape = (*entries.shape[:2], *entries.shape[3:], entries.shape[2])
            entries = entries + lines.reshape(shape).movedim(-1, 2)
        scaled = torch.clamp(entries * self._steps(), -half, half - 1)
        return scaled if self.kept is None else scaled * self.kept

    def _steps(self) -> Tensor | float:
        """(out, in, 1, 1, 1) or one number: the integer steps of an entry of 1."""
        if not self.learn_scale:
            return _GAIN
        scales = torch.exp(-self.log_scale)
        if self.tie is not None:
            scales = scales[self.tie.scale]
        scales = scales.reshape(self.groups, -1).T
        share = self.entries.shape[1] // self.groups
        return scales.repeat_interleave(share, 1)[:, :, None, None, None]

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        if self.on_lines:
            return self._by_lines(values[-1])
        if self.nodes is None:
            return self._direct(values[-1])
        codes = replicated(values[-1], self.kernel)
        table = self.integer_entries()
        if self.groups > 1:
            # Zeros for the channels of other groups: grouped convolutions are slow on a CPU.
            own = torch.eye(self.groups, device=table.device)
            own = own.repeat_interleave(table.shape[1] // self.groups, 1)
            table = (table * own[:, None, :, None, None, None]).flatten(0, 1)
        if self.tie is not None:
            table = self.tie.full(table)
        table = table * self._unit()[:, None, None, None, None]
        rises = (table[:, :, 1:] - table[:, :, :-1]).transpose(1, 2).flatten(1, 2)
        lowest = table[:, :, 0].sum((1, 2, 3)) * (1 << self.fraction_bits)
        weights = torch.cat(self._weights(codes), dim=1)
        return convolved(weights, rises, lowest, self.gradients)

    def _by_lines(self, codes: Tensor) -> Tensor:
        assert self.lines is not None
        firsts, lasts = (limit[:, None, None] for limit in self._limits())
        segments = self.lines.shape[2] - 1
        where = (codes - firsts) * (segments / (lasts - firsts).clamp(min=1))
        half = 1 << (self.entry_bits - 1)
        nodes = torch.clamp(self.lines * _GAIN, -half, half - 1)
        depthwise = self.groups > 1
        return line_sums(replicated(where, self.kernel), nodes, depthwise, self.gradients)

    @torch.compiler.disable  # Compiled, its loops over taps take many minutes.
    def _direct(self, codes: Tensor) -> Tensor:
        offsets = turned_offsets(self.kernel, self.origin or self._middle, self.rotations)
        channels = len(self.first)
        level = codes - self.first.repeat(codes.shape[1] // channels)[:, None, None]
        out = direct_sums(
            level, self._scaled_entries(), self.counts, offsets, self.groups, self.border
        )
        if self.learn_scale:
            out = out * self._unit().reshape(self.groups, -1)
        return out.flatten(3).permute(0, 3, 1, 2)

    def _unit(self) -> Tensor:
        """(out,) what one step of the integer accumulator is worth, in codes."""
        if not self.learn_scale:
            ones = torch.ones_like(self.log_scale)
            return ones if self.tie is None else ones[self.tie.unit]
        fraction = 0 if self.nodes is None else self.fraction_bits
        unit = requantised(torch.exp(self.log_scale) * (_GAIN / (1 << fraction)))
        return unit if self.tie is None else unit[self.tie.unit]

    def _weights(self, codes: Tensor) -> list[Tensor]:
        """For each segment, the rounded weight inside it, 0 before and 2**f behind it."""
        assert self.nodes is not None
        one = float(1 << self.fraction_bits)
        nodes = self.positions()
        slope = one / (nodes[1:] - nodes[:-1])
        weights = []
        for i in range(self.nodes - 1):
            # The last node itself has no segment behind it: its weight stays below one.
            top = one if i < self.nodes - 2 else one - 1
            weights.append(round_through(clamped((codes - nodes[i]) * slope[i], 0.0, top)))
        return weights

    @torch.no_grad()
    def quantiser(self) -> Quantiser | None:
        """The ROM, from the very weights that `forward` uses."""
        if self.nodes is None:
            return None
        codes = torch.arange(self.code_lo, self.code_hi + 1).to(self.entries)
        weights = torch.stack(self._weights(codes)).long().cpu()
        one = 1 << self.fraction_bits
        segment = (weights[:-1] == one).sum(0)
        weight = weights.gather(0, segment[None])[0]
        return Quantiser(segment.numpy(), weight.numpy(), self.nodes, self.fraction_bits)

    @torch.no_grad()
    def export(self, unit: npt.NDArray[np.float64]) -> tuple[TapTables, npt.NDArray[np.float64]]:
        if not np.array_equal(unit, np.ones_like(unit)):
            raise ValueError("tap_tables input must be codes, not an accumulator")
        entries = self.integer_entries().permute(1, 3, 4, 2, 0).cpu().numpy().astype(np.int64)
        ranges = self.code_ranges
        if self.discretise[0] is not None:
            ranges = self.discretise[0].code_ranges()
        layer = TapTables(
            entries
            if ranges is None
            else levels_within(entries, ranges, self.first.int().tolist()),
            self.entry_bits,
            self.code_bits,
            self.code_signed,
            self.quantiser(),
            None if ranges is None else np.array(ranges),
            self.groups,
            self.rotations,
            self.origin,
            self.border,
            self.symmetry,
            self.role,
        )
        step = self._unit().double().cpu().numpy()
        return layer, np.tile(step, layer.out_channels // len(step))

    @torch.no_grad()
    def restore(self, layer: TapTables, unit: npt.NDArray[np.float64] | None) -> None:
        found: npt.NDArray[np.integer] = layer.entries
        if layer.code_ranges is not None:
            firsts, levels = self.first.int().tolist(), self.entries.shape[2]
            found = all_levels(found, layer.code_ranges, firsts, levels)
        found = found.transpose(4, 0, 3, 1, 2)
        if found.shape != tuple(self.entries.shape):
            raise ValueError(f"entries must be {tuple(self.entries.shape)}, not {found.shape}")
        if self.learn_scale:
            assert unit is not None
            fraction = 0 if self.nodes is None else self.fraction_bits
            scales = torch.from_numpy(np.log(unit * ((1 << fraction) / _GAIN))).to(self.log_scale)
            self.log_scale[slice(None) if self.tie is None else self.tie.unit] = scales
        self.entries.copy_(torch.from_numpy(found.copy()).to(self.entries) / self._steps())
        if self.bends is not None:
            self.bends.zero_()
        if self.lines is not None:
            self.entered.fill_(True)
            self._hold(False)
        if layer.quantiser is not None and self.quantiser_of[0] is None:
            self.place(torch.from_numpy(node_positions(layer.quantiser, self.code_lo)))

    @staticmethod
    def exact(layer: TapTables, values: Sequence[Tensor]) -> Tensor:
        return exact_sums(layer.untied, values[-1])


def _follow_state(twin: TapTablesTwin, _: object) -> None:
    """Go on with lines or entries, as the state that was loaded."""
    twin._hold(not bool(twin.entered))
