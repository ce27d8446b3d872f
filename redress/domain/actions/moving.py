"""Moving the whole complaint to another procedure."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import ChangeProcedure
from redress.domain.moving import why_not_moved
from redress.domain.procedure import StageName
from redress.domain.state import ComplaintState

TAKEN_UP_AGAIN = ("lapsed", "completed", "resolved", "ended_early")
"""How a complaint has ended that goes on where it was moved to a later stage."""


@carries_out(ChangeProcedure)
def change_procedure(state: ComplaintState, entry: LogEntry, message: ChangeProcedure) -> Outcome:
    """Its past was told under the new rules already (`redress.domain.folding`); it goes on at a stage."""
    why_not = why_not_moved(message, state.opening, state.rules)
    if why_not:
        return refused(why_not)
    if _procedure_before(state) == message.procedure:
        return refused(f"It follows {message.procedure} already.")
    state.decide_route(entry)
    if state.procedure.name != message.procedure:
        return APPLIED  # it was moved once more since
    if message.stage is not None:
        _go_to(state, entry, message.stage)
    state.effects.send("procedure_changed", entry)
    return APPLIED


def _go_to(state: ComplaintState, entry: LogEntry, name: StageName) -> None:
    """Go on at a stage; what has ended is taken up again for a later one that may still be asked for."""
    order, wanted = state.procedure.order, state.procedure.stage[name]
    if state.closed_on is not None:
        is_later = order[state.current_stage] < order[name]
        if is_later and state.closed_as in TAKEN_UP_AGAIN:
            state.open_stage(name, entry, state.day)
        else:
            state.note_irregular(entry, f"the complaint is closed: {wanted.title} was not opened")
    elif name == state.stage:
        return
    elif order[state.stage] > order[name]:
        state.go_back(wanted)
    elif state.stage == "intake" and name == state.entry:
        state.take(entry)
    else:
        state.open_stage(name, entry, state.reached.get(f"requested:{name}", state.day))


def _procedure_before(state: ComplaintState) -> str:
    """The procedure that it followed before the message that is taken now."""
    earlier = [
        heard.message.procedure
        for heard in state.effects.heard[:-1]
        if isinstance(heard.message, ChangeProcedure) and state.outcomes[heard.seq].outcome == "applied"
    ]
    return earlier[-1] if earlier else state.opened_under
