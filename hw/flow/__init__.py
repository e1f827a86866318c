"""From hand-off Verilog to a netlist, and from a netlist to a placed and routed design."""
