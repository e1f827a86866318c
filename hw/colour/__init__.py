"""Hardware of golden/colour: chroma beside the luma's pipeline, and matrices around both."""
