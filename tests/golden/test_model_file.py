"""Files of programs and of networks are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden import model_file
from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.golden.refqsr.network import Network
from tests.support.random_programs import example_program
from tests.support.refqsr.networks import network


def test_either_kind_is_read(tmp_path: Path) -> None:
    model_file.save(example_program(1, 2), tmp_path / "a.npz")
    model_file.save(network(1), tmp_path / "b.npz")
    assert isinstance(model_file.load(tmp_path / "a.npz"), Program)
    assert isinstance(model_file.load(tmp_path / "b.npz"), Network)


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"[1, 2]"])
def test_what_is_neither_is_refused_as_a_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="must be"):
        model_file.load(path)
    with pytest.raises(InputError, match="but there is no such file"):
        model_file.load(tmp_path / "b.npz")
