"""Names of builds: identifiers that share none of their parts' names with each other."""

from __future__ import annotations

import itertools
import re

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.zoo import programs
from lutscale.hw.names import MAX_NAME, default_name, part_name, require_name


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("iqlut-hd-x4", "lutscale_iqlut_hd_x4"),
        ("a.b-c_d", "lutscale_a_b_c_d"),
        ("--2x__fast..", "lutscale_2x_fast"),
        ("module", "lutscale_module"),
        ("-", "lutscale"),
    ],
)
def test_the_default_is_the_programs_name_as_an_identifier(program: str, name: str) -> None:
    assert require_name(default_name(program)) == name


def test_programs_of_the_zoo_have_names_that_differ() -> None:
    found = {default_name(program) for program in programs()}
    assert len(found) == len(programs()) > 5


def test_long_names_stay_apart() -> None:
    programs = ["x" * 90 + end for end in ("a", "b", "-b")]
    found = [require_name(default_name(program)) for program in programs]
    assert len(set(found)) == 3
    assert {len(name) for name in found} == {MAX_NAME}


@pytest.mark.parametrize("name", ["top", "A1", "a_b_2", "x" * MAX_NAME])
def test_good_names(name: str) -> None:
    assert require_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "1a", "_a", "a_", "a__b", "a-b", "a.b", "a b", "ä", "a\n", "x" * (MAX_NAME + 1)]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(InputError) as caught:
        require_name(name)
    assert str(caught.value) == (
        "name must be at most 64 letters, digits and single '_' between them, starting with a "
        f"letter, not {name!r}"
    )


@pytest.mark.parametrize("name", ["module", "table", "logic", "s_always"])
def test_words_of_verilog_are_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        require_name(name)
    assert str(caught.value) == f"name must be no word of the Verilog language, not {name!r}"


def test_parts_of_two_builds_never_have_one_name() -> None:
    """However names and parts are made of a few letters: a part tells its build."""
    words = ["".join(letters) for n in range(1, 5) for letters in itertools.product("a_", repeat=n)]
    builds = [word for word in words if re.fullmatch(r"a(_?a)*", word)]
    assert len(builds) > 4
    owners: dict[str, str] = {}
    for build in builds:
        assert require_name(build) == build
        for name in (build, *(part_name(build, *rest) for rest in itertools.product(words[:14]))):
            assert owners.setdefault(name, build) == build
