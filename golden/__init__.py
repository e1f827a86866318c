"""The specification: what a program computes, in integers, with numpy alone."""
