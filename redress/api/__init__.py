"""The HTTP API, for intake systems, staff tools and the Temporal UI: `python -m redress.api`."""
