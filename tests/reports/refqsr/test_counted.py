"""What real pictures cost: the same as the plain counts of bitops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr.chain import Chain
from lutscale.model.refqsr.architecture import Architecture
from lutscale.model.refqsr.parts import ClustShape, ReferShape
from lutscale.reports.refqsr.bitops import everywhere, query_patch, reference_patch
from lutscale.reports.refqsr.counted import architecture_of, patches_of, weight_bits
from tests.support.refqsr.networks import network, picture

SHAPE = Architecture("srresnet", 2, 4, 3, head_kernel=5, direct=True, frame_residual=True)


def test_the_description_is_found_in_the_integers() -> None:
    made = network(1)
    assert architecture_of(made) == SHAPE
    assert weight_bits(made) == 8


def test_a_network_that_is_none_is_refused() -> None:
    made = network(1)
    strange = replace(made, tail=Chain("tail", made.tail.inputs, made.tail.layers[4:]))
    with pytest.raises(InputError, match="random: must have the .* multiplications"):
        architecture_of(strange)


def test_patches_of_a_picture_cost_what_their_kind_does() -> None:
    made, image = network(3), picture(5, 60, 70)
    _, trace = made.run_traced(image)
    found = patches_of(made, trace, 60, 70)
    assert trace.tiling is not None
    size, clust = trace.tiling.patch, ClustShape(4, 4)
    leads = {end for n, end in enumerate(trace.pointers) if n != end}
    assert leads
    # The random network has two numbers in a descriptor.
    refer = ReferShape(4, reduction=2)
    for n, patch in enumerate(found):
        if n in trace.references:
            wanted = reference_patch(SHAPE, size, 8, clust, leads=False)
            added = {"descriptors": 2 * refer.reference_macs(*size)} if n in leads else {}
        else:
            wanted = query_patch(SHAPE, size, 8, 4, clust)
            added = {step: 2 * macs for step, macs in refer.query_macs(*size)}
        assert patch == replace(wanted, added={"ClustBlock": clust.macs(*size), **added})


def test_a_plain_picture_is_one_patch() -> None:
    made, image = network(2, dispatched=False), picture(5, 30, 20)
    _, trace = made.run_traced(image)
    assert patches_of(made, trace, 30, 20) == [everywhere(SHAPE, 600, 8)]
