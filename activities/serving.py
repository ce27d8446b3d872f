"""Whom an activity serves: one complaint's own workflow, or the daily maintenance, and nobody else."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from redress.contract import MAINTENANCE, WORKFLOW, workflow_id
from redress.domain.identifiers import REFERENCE


def serve_complaint(reference: str) -> None:
    """Turn away, for good, whatever is not the workflow of this complaint."""
    if not activity.in_activity():  # called as a plain function: within a process, by its own code
        return
    info = activity.info()
    is_reference = REFERENCE.fullmatch(reference)
    if not is_reference or info.workflow_type != WORKFLOW or info.workflow_id != workflow_id(reference):
        what = "serves the complaint's own workflow alone"
        raise ApplicationError(f"{info.activity_type} {what}", type="NotServed", non_retryable=True)


def serve_maintenance() -> None:
    """Turn away, for good, whatever is not the daily maintenance."""
    info = activity.info()
    if info.workflow_type != MAINTENANCE:
        what = f"serves the workflow {MAINTENANCE} alone"
        raise ApplicationError(f"{info.activity_type} {what}", type="NotServed", non_retryable=True)
