"""Draws a procedure from its data: an outline for the terminal, a Mermaid flowchart, a page with both."""
