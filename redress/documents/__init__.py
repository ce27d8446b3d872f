"""What is attached to a complaint: taken in, looked at, and kept outside Temporal and the databases."""
