"""The commands of `starter.py`, a module for each group: a process loads only the one it was asked for."""
