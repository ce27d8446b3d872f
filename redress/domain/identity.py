"""Names that stand in the open everywhere: no personal data in them."""

from __future__ import annotations

WORKFLOW_ID = "complaint-"


def workflow_id(reference: str) -> str:
    """The id of a complaint's workflow."""
    return WORKFLOW_ID + reference
