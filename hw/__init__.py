"""Hardware generation: lookup tables as memory images and logic."""
