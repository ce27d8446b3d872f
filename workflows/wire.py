"""What crosses between workflow, activities and doors, and under which names."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from redress.names import workflow_id
from redress.record import RegisterEntry

__all__ = ["workflow_id"]

WORKFLOW = "Complaint"
TASK_QUEUE = "complaints"
STATUS = "status"
MOVES = "what_a_recount_moves"

OPENING = "the complaint is being opened; ask again in a moment"
"""What the query says until the terms are there."""

BEGIN = "begin"
CARRY_OUT = "carry_out"
DELIVER = "deliver"

MAINTENANCE = "Maintenance"
ERASE_DUE = "erase_due"


class Carried(BaseModel):
    """What one run hands to the next when it continues as new."""

    terms: str
    state: str
    outbox: list[RegisterEntry] = []
    undelivered: bool = False


class Start(BaseModel):
    """What a complaint's workflow is started with.

    A new complaint brings its opening; one that is taken up again after its workflow ended brings
    nothing and is read from the register; a run that continues brings what it carried.
    """

    model_config = ConfigDict(extra="forbid")

    reference: str
    opening: dict[str, Any] | None = None
    carried: Carried | None = None


class Begun(BaseModel):
    """What `begin` brings: the terms, packed, for good; and an earlier case's state.

    `recorded` says whether the opening stands in the register already, `undelivered` whether letters of an
    earlier run have not left.
    """

    terms: str
    recorded: bool
    state: str | None = None
    undelivered: bool = False


class Begin(BaseModel):
    """Asks for the terms of a complaint that is being opened on a London date."""

    reference: str
    opened_on: str
    opening: dict[str, Any] | None = None


class Errand(BaseModel):
    """What the world must do and keep about one complaint, in order."""

    reference: str
    entries: list[RegisterEntry]


class Outcome(BaseModel):
    """What became of an errand: whether every letter has left."""

    delivered: bool = True


class ErasureReport(BaseModel):
    """What is past its retention, in numbers of complaints; no name and no reference.

    What is due and neither erased nor failed waits for a person: its authority has not switched on
    `erase_automatically`.
    """

    due: int = 0
    """Past a period that their authority has confirmed."""
    unconfirmed: int = 0
    """Past one that it has not confirmed: not to be erased."""
    erased: int = 0
    """With proof."""
    failed: int = 0
    """Not erased, though switched on; the worker's log says why. They stay due."""
