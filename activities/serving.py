"""Whom an activity serves: one complaint's own workflow, or the daily maintenance, and nobody else."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from redress.contract import DAILY_DIGEST, MAINTENANCE, WORKFLOW, workflow_id
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
    _serve_alone(MAINTENANCE)


def serve_daily_digest() -> None:
    """Turn away, for good, whatever is not the workflow of the daily digests."""
    _serve_alone(DAILY_DIGEST)


def _serve_alone(workflow: str) -> None:
    info = activity.info()
    if info.workflow_type != workflow:
        what = f"serves the workflow {workflow} alone"
        raise ApplicationError(f"{info.activity_type} {what}", type="NotServed", non_retryable=True)
