"""What the Makefile runs: the demo, and a house to try things in."""
