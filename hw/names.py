"""Names in Verilog: one prefix for all that a build writes, so that builds stand side by side.

The top module bears the name itself; all other modules, macros and files are ``NAME__REST``. As a
name holds no ``__``, two builds of different names share no name at all, whatever the rests are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import click

from lutscale.golden.errors import InputError

__all__ = ["MAX_NAME", "default_name", "name_option", "part_name", "require_name"]

MAX_NAME = 64
"""Characters of a name."""

_NAME = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")

# IEEE Std 1364-2005, annex B, and IEEE Std 1800-2017, annex B.
_KEYWORDS = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
    endtask enum event eventually expect export extends extern final first_match for force foreach
    forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins
    illegal_bins implements implies import incdir include initial inout input inside instance int
    integer interconnect interface intersect join join_any join_none large let liblist library
    local localparam logic longint macromodule matches medium modport module nand negedge nettype
    new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter
    pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup
    pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real
    realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1
    s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
    showcancelled signed small soft solve specify specparam static string strong strong0 strong1
    struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout
    time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef
    union unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait
    wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
    """


def default_name(program: str) -> str:
    """The name of a program's hardware: the program's, as a Verilog identifier.

    Args:
        program: letters, digits, ``-``, ``_`` and ``.``. Programs whose names differ in nothing
            but such marks get the same.
    """
    name = "_".join(["lutscale", *re.findall(r"[A-Za-z0-9]+", program)])
    if len(name) > MAX_NAME:
        digest = hashlib.sha256(program.encode()).hexdigest()[:8]
        name = f"{name[: MAX_NAME - 9].rstrip('_')}_{digest}"
    return name


def require_name(name: str) -> str:
    """Return a name that can stand in Verilog and in front of others.

    Raises:
        InputError: "name must be ..., not ...".
    """
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InputError(
            f"name must be at most {MAX_NAME} letters, digits and single '_' between them, "
            f"starting with a letter, not {name!r}"
        )
    if name in _KEYWORDS.split():
        raise InputError(f"name must be no word of the Verilog language, not {name!r}")
    return name


def part_name(name: str, *rest: str) -> str:
    """What belongs to a build of that name: a module below others, a memory, a file."""
    return "__".join([name, *rest])


def name_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """The option --name, which the function takes as the str or None ``name``."""
    return click.option(
        "--name",
        metavar="NAME",
        help="Of the top module, and in front of all other names; by default the program's.",
    )(body)
