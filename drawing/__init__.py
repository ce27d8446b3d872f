"""Draws a procedure from its data: an outline for the terminal, a poster, Mermaid text."""
