"""Amaranth hardware: from a program to a streaming pipeline, Verilog and ROM images."""
