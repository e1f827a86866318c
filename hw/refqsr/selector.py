"""CADyQ's choice in hardware: mean steps and deviations, bit by bit, into scores of precisions."""

from __future__ import annotations

from typing import Any

from amaranth import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.refqsr.edges import step_bits
from lutscale.hw.refqsr.moments import square_bits, total_bits

__all__ = ["DIGITS", "Selector"]

DIGITS = 19
"""Of what is seen: the deviation of 16 bits in sixteenths is below 2**19."""

_STEPS = 2
"""Of what is seen, in front of the channels: down and right."""

_FRACTION = 8
"""Doublings of the variance: of sixteenths, squared."""


class Selector(wiring.Component):
    """``golden.refqsr.mixed.BitSelector.choose``, one number that is seen after the other.

    What is seen comes out of one loop, a digit in two clocks, highest first: as the quotient of a
    sum of steps by their count, or as the root of a variance. ``(d + 2**k)**2 * n**2`` is what a
    root of d, a deviation, is compared with, so that none is divided by the count n. A digit adds
    the weights of all precisions, twice what was there, so that no score takes a product.

    Ports:
        start: In, for one clock, with ``first``, the address of the layer's words.
        width, height: In, of the tile; ``down``, ``right``: In, of `Edges`.
        total, squares: In, of `Moments`; ``turn``: Out, for one clock: of the next channel.
        entry: Out, of the ROM; ``word``: In, two clocks later: a number of each precision, the
            highest precision lowest. Words are the biases, the weights of both steps, and those of
            each channel.
        chosen: Out, once ``busy`` is low: 0 for the highest precision.
        busy: Out.

    Args:
        channels: of the layer's input.
        choices: precisions, two at least.
        number_bits: of a number of a word.
        address_bits: of ``entry``.
        max_width, max_height: of a tile.
    """

    def __init__(
        self,
        *,
        channels: int,
        choices: int,
        number_bits: int,
        address_bits: int,
        max_width: int,
        max_height: int,
    ) -> None:
        self.channels, self.choices, self.number_bits = channels, choices, number_bits
        self.places = max_width * max_height
        super().__init__(
            {
                "start": In(1),
                "first": In(address_bits),
                "width": In(range(max_width + 1)),
                "height": In(range(max_height + 1)),
                "down": In(step_bits(self.places)),
                "right": In(step_bits(self.places)),
                "total": In(signed(total_bits(self.places))),
                "squares": In(square_bits(self.places)),
                "turn": Out(1),
                "entry": Out(address_bits),
                "word": In(choices * number_bits),
                "chosen": Out(range(choices)),
                "busy": Out(1),
            }
        )

    @property
    def clocks(self) -> int:
        """What a choice takes."""
        bits = len(self.total) + _FRACTION
        each = 3 + 2 * DIGITS + 1
        return 4 + _STEPS * each + self.channels * (each + bits) + self.choices + 1

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        count_bits = self.places.bit_length()
        bits = 2 * (count_bits + DIGITS) + 2
        count = Signal(count_bits, name="count", reset_less=True)
        count_squared = Signal(2 * count_bits, name="count_squared", reset_less=True)
        steps = Signal(range(3 * self.places + 1), name="steps", reset_less=True)
        seen = Signal(range(_STEPS + self.channels), name="seen")
        is_channel = Signal(name="is_channel")
        m.d.sync += [
            count.eq(self.width * self.height),
            count_squared.eq(count * count),
            steps.eq(3 * (count - Mux(seen == 0, self.width, self.height))),
        ]
        m.d.comb += is_channel.eq(seen >= _STEPS)

        # What is left, what a digit takes off it, and the weights of digits.
        rest = Signal(signed(bits), name="rest", reset_less=True)
        trial, scale, twice = (
            Signal(bits, name=name, reset_less=True) for name in ("trial", "scale", "twice")
        )
        digit = Signal(name="digit")
        m.d.comb += digit.eq(rest >= trial)
        magnitude = Signal(len(self.total), name="magnitude", reset_less=True)
        difference = Signal(signed(len(self.squares) + 2), name="difference", reset_less=True)
        of_count, of_total = (
            Signal(len(magnitude), name=name, reset_less=True) for name in ("of_count", "of_total")
        )
        factors = Cat(of_count[-1], of_total[-1])
        added = Signal(signed(len(difference)), name="added")
        with m.Switch(factors):
            with m.Case(1):
                m.d.comb += added.eq(self.squares)
            with m.Case(2):
                m.d.comb += added.eq(-magnitude)
            with m.Case(3):
                m.d.comb += added.eq(difference)

        wait = Signal(range(3), name="wait", init=2)
        left = Signal(range(max(len(magnitude) + _FRACTION, DIGITS) + 1), name="left")
        place = Signal(range(self.choices), name="place")
        number_bits = self.number_bits
        score_bits = number_bits + DIGITS + (_STEPS + self.channels).bit_length()
        numbers = [self.word.word_select(k, number_bits).as_signed() for k in range(self.choices)]
        scores = [
            Signal(signed(score_bits), name=f"score{k}", reset_less=True)
            for k in range(self.choices)
        ]
        products = [
            Signal(signed(number_bits + DIGITS), name=f"product{k}", reset_less=True)
            for k in range(self.choices)
        ]
        best = Signal.like(scores[0], name="best", reset_less=True)
        candidate = Signal.like(best, name="candidate")
        m.d.comb += candidate.eq(Array(scores)[place])

        with m.FSM(name="selector") as states:
            with m.State("IDLE"):
                m.d.sync += [self.entry.eq(self.first), wait.eq(2), seen.eq(0)]
                with m.If(self.start):
                    m.next = "BIAS"
            with m.State("BIAS"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    m.d.sync += [score.eq(n) for score, n in zip(scores, numbers, strict=True)]
                    m.d.sync += [self.entry.eq(self.entry + 1), wait.eq(2)]
                    m.next = "SETUP"
            with m.State("SETUP"):
                m.d.sync += [
                    wait.eq(wait - 1),
                    twice.eq(0),
                    magnitude.eq(abs(self.total)),
                    difference.eq(self.squares - magnitude),
                    of_count.eq(count),
                    of_total.eq(magnitude),
                    *(product.eq(0) for product in products),
                ]
                with m.If(is_channel):
                    m.d.sync += [rest.eq(0), left.eq(len(magnitude) + _FRACTION)]
                    m.d.sync += scale.eq(count_squared << (2 * (DIGITS - 1)))
                with m.Else():
                    # Of no steps the sum is nothing, and so is every digit.
                    some = steps | (steps == 0)
                    total = Mux(seen == 0, self.down, self.right)
                    m.d.sync += [rest.eq((total << 4) + (steps >> 1)), left.eq(DIGITS)]
                    m.d.sync += scale.eq(some << (DIGITS - 1))
                with m.If(wait == 0):
                    m.next = "TRY"
                    with m.If(is_channel):
                        m.next = "VARIANCE"
            with m.State("VARIANCE"):
                # Count times squares less the total squared, their bits highest first.
                m.d.sync += [
                    rest.eq((rest << 1) + added),
                    of_count.eq(of_count << 1),
                    of_total.eq(of_total << 1),
                    left.eq(left - 1),
                ]
                with m.If(left == 1):
                    m.d.sync += left.eq(DIGITS)
                    m.next = "TRY"
            with m.State("TRY"):
                m.d.sync += trial.eq(twice + scale)
                m.next = "TAKE"
            with m.State("TAKE"):
                halved = twice >> 1
                m.d.sync += [
                    scale.eq(Mux(is_channel, scale >> 2, scale >> 1)),
                    twice.eq(halved),
                    left.eq(left - 1),
                    *(
                        product.eq((product << 1) + Mux(digit, n, 0))
                        for product, n in zip(products, numbers, strict=True)
                    ),
                ]
                with m.If(digit):
                    m.d.sync += rest.eq(rest - trial)
                    with m.If(is_channel):
                        m.d.sync += twice.eq(halved + scale)
                m.next = "TRY"
                with m.If(left == 1):
                    m.next = "ADD"
            with m.State("ADD"):
                m.d.sync += [
                    score.eq(score + product)
                    for score, product in zip(scores, products, strict=True)
                ]
                m.d.sync += [self.entry.eq(self.entry + 1), wait.eq(2), seen.eq(seen + 1)]
                m.next = "SETUP"
                with m.If(seen == _STEPS + self.channels - 1):
                    m.next = "FIRST"
            with m.State("FIRST"):
                # Of equal scores the lowest precision wins.
                m.d.sync += [best.eq(scores[-1]), self.chosen.eq(self.choices - 1)]
                m.d.sync += place.eq(self.choices - 2)
                m.next = "COMPARE"
            with m.State("COMPARE"):
                m.d.sync += place.eq(place - 1)
                with m.If(candidate > best):
                    m.d.sync += [best.eq(candidate), self.chosen.eq(place)]
                with m.If(place == 0):
                    m.next = "IDLE"
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        m.d.comb += [
            self.busy.eq(~states.ongoing("IDLE")),
            self.turn.eq(states.ongoing("ADD") & is_channel),
        ]
        return m
