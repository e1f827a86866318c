"""`python -m lutscale` is `lutscale`."""

from lutscale.command import main

main(prog_name="lutscale")
