"""Weights in fewer bits. In: values in float32. Out: the bytes of a kind (kinds.py), and what a reader needs to undo it."""
