"""The simulation: hardware equals golden, every pixel of every frame, bit for bit."""
