"""What RefQSR saves, counted: BitOPs, shares of references, curves and pictures."""
