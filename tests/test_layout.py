"""The tests lie where the rooms' files lie; what only helps them lies in tests/support."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.layers import KINDS

TESTS = Path(__file__).parent


def misplaced(tests: Path) -> list[str]:
    """Test modules among the helpers, and helpers among the tests."""
    return sorted(
        str(path.relative_to(tests))
        for path in tests.rglob("*.py")
        if path.name != "conftest.py"
        and path.name.startswith("test_") == ("support" in path.relative_to(tests).parts)
    )


def test_helpers_are_no_test_modules() -> None:
    assert misplaced(TESTS) == []


def test_a_misplaced_file_is_seen(tmp_path: Path) -> None:
    for name in ("hw/streams.py", "hw/test_a.py", "support/hw/test_b.py", "support/hw/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert misplaced(tmp_path) == ["hw/streams.py", "support/hw/test_b.py"]


@pytest.mark.parametrize("room", ["golden", "model", "hw"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_kind_has_its_tests(room: str, kind: str) -> None:
    assert (TESTS.parent / room / "layers" / f"{kind}.py").exists()
    assert (TESTS / room / "layers" / f"test_{kind}.py").exists()
