"""The manifest: there and back, and what it may not say, with no table at hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lutscale.golden.manifest import FORMAT, VERSION, Manifest
from tests.support.family_programs import FAMILIES
from tests.support.golden.small_programs import small

SHUFFLE = {"kind": "pixel_shuffle", "tables": [], "scale": 2}
TAPS = {"kind": "tap_tables", "tables": ["entries"]}


def text(*layers: Any, **fields: Any) -> bytes:
    """A manifest of these layers."""
    top = {"format": FORMAT, "version": VERSION, "name": "p", "scale": 2, "layers": list(layers)}
    return json.dumps({**top, **fields}).encode()


@pytest.mark.parametrize("family", [None, *FAMILIES])
def test_there_and_back(family: str | None) -> None:
    program = FAMILIES[family](1) if family else small()
    manifest = Manifest.of(program, [layer.tables() for layer in program.layers])
    content = manifest.to_json()
    again = Manifest.from_json(content)
    assert again.to_json() == content
    assert (again.name, again.scale, again.task) == (program.name, program.scale, program.task)
    assert [entry.kind for entry in again.layers] == [layer.kind for layer in program.layers]
    for entry, layer in zip(again.layers, program.layers, strict=True):
        assert entry.params == json.loads(json.dumps(layer.params()))


def test_what_an_entry_says() -> None:
    again = {"kind": "tap_tables", "tables_of": 0, "entry_bits": 4}
    quantised = {**TAPS, "quantiser_of": 0}
    first, second, third = Manifest.from_json(text(TAPS, again, quantised)).layers
    assert (first.where, first.member("entries")) == ("layer 0 (tap_tables)", "layer0.entries")
    assert (first.tables, first.params, first.tables_of) == (("entries",), {}, None)
    assert (second.tables, second.params, second.tables_of) == ((), {"entry_bits": 4}, 0)
    assert (third.tables, third.quantiser_of, third.tables_of) == (("entries",), 0, None)


REFUSED: list[tuple[bytes, str]] = [
    (b"", "manifest must be JSON, but: Expecting value"),
    (b"\xff", "manifest must be JSON, but: 'utf-8' codec"),
    (b"[" * 100_000, "manifest must be JSON, but: maximum recursion depth"),
    (text(SHUFFLE, provenance={"a": float("nan")}), "manifest must be JSON, but: NaN is no finite"),
    (text(SHUFFLE, scale=float("inf")), "manifest must be JSON, but: Infinity is no finite number"),
    (text(SHUFFLE).replace(b'"p"', b"1e999"), "manifest must be JSON, but: 1e999 is no finite num"),
    (text(SHUFFLE).replace(b'"p"', b"9" * 5000), "manifest must be JSON, but: Exceeds the limit"),
    (text({**TAPS, "tables_of": 0}), "layer 0 (tap_tables): tables_of must be the number of an e"),
    (text({**TAPS, "tables": ["a", "b", "a"]}), "tables must be names that differ, not ['a', 'b'"),
    (text(TAPS, {**TAPS, "tables_of": True}), "tables_of must be the number of an earlier layer"),
    (text(TAPS, {**TAPS, "quantiser_of": 1}), "layer 1 (tap_tables): quantiser_of must be the n"),
    (text(TAPS, {**TAPS, "tables_of": 0}), "tables_of must stand for all tables, not for some"),
    (
        text(TAPS, {"kind": "tap_tables", "tables_of": 0, "quantiser_of": 0}),
        "tables_of must stand for all tables, not for some",
    ),
]


@pytest.mark.parametrize(("content", "reason"), REFUSED, ids=[r[1][-30:] for r in REFUSED])
def test_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        Manifest.from_json(content)
    assert reason in str(caught.value)


def test_provenance_that_is_no_json_is_not_written() -> None:
    manifest = Manifest.of(small(), [layer.tables() for layer in small().layers])
    object.__setattr__(manifest, "provenance", {"psnr": float("inf")})
    with pytest.raises(ValueError, match="JSON compliant"):
        manifest.to_json()
