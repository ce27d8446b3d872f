"""Moving a whole complaint to another procedure: its past is told anew under that one's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from redress.domain.calendar import full_date
from redress.domain.log import LogEntry
from redress.domain.messages import ChangeProcedure
from redress.domain.opening import Opening
from redress.domain.packing import Unpackable, unpack
from redress.domain.procedure import Procedure, RulesSnapshot

NO_COMPLAINT = "representation"
"""The procedure for what is no complaint."""


def why_not_moved(message: ChangeProcedure, opening: Opening, rules: RulesSnapshot) -> str:
    """Why a complaint of these rules cannot be moved so; empty: it can."""
    name = message.procedure
    if rules.procedures and name not in rules.procedures:
        return f"This authority has no procedure {name}: it has {', '.join(rules.procedures)}."
    if (name == NO_COMPLAINT) is (opening.kind == "complaint"):
        return f"What is a {opening.kind.replace('_', ' ')} cannot go on under {name}."
    moved_to = _unpacked(message.rules)
    if moved_to is None or moved_to.procedure.name != name:
        return "The rules of that procedure did not come with it: send it by the command line or HTTP."
    if message.stage is not None and message.stage not in moved_to.procedure.stage:
        return f"stage: {name} has no {message.stage}."
    return ""


def moved(rules: RulesSnapshot, opening: Opening, log: Iterable[LogEntry], until: date) -> RulesSnapshot:
    """The rules a complaint follows after the moves dated up to a day: the last one's procedure.

    Its calendar stays: a newer one comes by a recount.
    """
    moves = [
        entry.message
        for entry in sorted(log, key=LogEntry.by_date)
        if isinstance(entry.message, ChangeProcedure) and entry.message.on <= until
    ]
    for message in reversed(moves):
        there = _unpacked(message.rules)
        if there is not None and not why_not_moved(message, opening, rules):
            return RulesSnapshot(
                procedure=there.procedure,
                holidays=rules.holidays,
                chosen=f"it was moved here on {full_date(message.on)}",
                procedures=rules.procedures,
                flags=rules.flags,
            )
    return rules


def procedures_in(first: Procedure, log: Iterable[LogEntry]) -> list[Procedure]:
    """Every procedure that a complaint was under; `first` is the one it was opened under."""
    moves = [entry.message for entry in log if isinstance(entry.message, ChangeProcedure)]
    return [first, *(rules.procedure for move in moves if (rules := _unpacked(move.rules)) is not None)]


def letters_of_stages(procedures: Sequence[Procedure]) -> dict[str, set[str]]:
    """What the letters of stages are for, by template, under every procedure that a complaint was under.

    Each has letters of its own for an answer, an acknowledgement and the opening of a stage. Empty where it
    was never moved: there, two templates are two letters.
    """
    known: dict[str, set[str]] = {}
    if len(procedures) < 2:
        return known
    for stage in [stage for procedure in procedures for stage in procedure.stages]:
        known.setdefault(stage.answer_letter, set()).add("answer")
        known.setdefault(stage.acknowledgement_letter, set()).add("acknowledgement")
        known.setdefault(stage.opening_letter or "", set()).add("opening")
    return known


def _unpacked(packed: str) -> RulesSnapshot | None:
    """The rules that came with a move; None where there are none, or no rules."""
    try:
        return unpack(packed) if packed else None
    except Unpackable:
        return None
