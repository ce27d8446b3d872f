"""The door over HTTP, for intake systems, staff tools and the Temporal UI: `python -m redress.api`."""
