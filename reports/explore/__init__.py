"""The explorer: designs swept, what they cost, and which of them are worth their cost."""
