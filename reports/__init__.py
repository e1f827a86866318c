"""Reports: what a program costs in memory, counted honestly. Nothing imports this package."""
