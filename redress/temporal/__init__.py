"""Temporal: what the workers, clients and commands share."""
