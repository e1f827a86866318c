"""Simulation of the tile processor against golden/refqsr, tile by tile."""
