"""Shapes as lists of layers, without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.symmetry import turned
from lutscale.golden.task import ENLARGE, Task
from lutscale.model.shapes import IQLUT, Add, Codes, Shift, Taps, iqlut, stored_channels


def test_shapes_do_not_need_torch() -> None:
    code = "import sys, lutscale.model.shapes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_functions_and_reach() -> None:
    shape = iqlut(4, channels=16, blocks=2, first_kernel=5, symmetry="p4m", residual=False)
    assert (shape.functions, shape.reach) == (7312, (11, 11))
    flat = iqlut(4, channels=8, blocks=1, block_kernels=[[1, 3]], last_kernel=1, shift=True)
    assert flat.reach == (5, 7)
    assert any(isinstance(layer, Shift) for layer in flat.layers)


def test_shares_shift_by_turned_offsets() -> None:
    shape = iqlut(4, channels=12, blocks=1, shift=2, symmetry="p4")
    (shift,) = (layer for layer in shape.layers if isinstance(layer, Shift))
    assert shift.offsets[:3] == ((0, 0), (0, 2), (2, 2))
    for g in range(4):
        assert shift.offsets[3 * g : 3 * g + 3] == tuple(turned(o, g) for o in shift.offsets[:3])


def test_shared_blocks_name_their_owner() -> None:
    shape = iqlut(4, blocks=3, shared=True, one_quantiser=True)
    numbers = [k for k, layer in enumerate(shape.layers) if isinstance(layer, Taps)]
    assert shape.shared == {numbers[2]: numbers[1], numbers[3]: numbers[1]}
    assert shape.quantisers == {numbers[4]: numbers[1]}


def test_refusals() -> None:
    with pytest.raises(InputError, match="code_bits must be 2 to 8, not 9"):
        iqlut(4, code_bits=9)
    with pytest.raises(InputError, match="shift must be 0 to 7 pixels, not 8"):
        iqlut(4, shift=8)
    with pytest.raises(ValueError, match="symmetry must be one of p4, p4m, not 'p8'"):
        iqlut(4, shift=1, symmetry="p8")
    with pytest.raises(InputError, match="nodes must be one number or 4, one a layer, not 2"):
        iqlut(4, nodes=[5, 3])
    with pytest.raises(InputError, match="sigma must be 0 at scale 2, not 25: only scale 1"):
        iqlut(2, sigma=25)
    with pytest.raises(ValueError, match="channels must be a multiple of 8"):
        stored_channels("p4m", "mix", 12, 12)


def test_a_denoiser_adds_to_the_frame_what_it_found() -> None:
    shape = iqlut(1, blocks=1, sigma=15)
    assert shape.task == Task("denoise", 15)
    assert shape.layers[-3:] == (Codes(-255, 255), Add(0, -510, 510), Codes(0, 255))
    assert iqlut(1).task == ENLARGE


def test_every_name_is_a_shape() -> None:
    for name, (scale, options) in IQLUT.items():
        assert iqlut(scale, **options).functions > 200, name
