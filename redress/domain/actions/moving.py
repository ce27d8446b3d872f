"""Moving the whole complaint to another procedure."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import ChangeProcedure
from redress.domain.moving import why_not_moved
from redress.domain.state import ComplaintState


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
    if message.stage is not None and message.stage != state.stage and state.closed_on is None:
        order, wanted = state.procedure.order, state.procedure.stage[message.stage]
        if order[state.stage] > order[wanted.name]:
            state.go_back(wanted)
        elif state.stage == "intake" and wanted.name == state.entry:
            state.take(entry)
        else:
            state.open_stage(wanted.name, entry, state.reached.get(f"requested:{wanted.name}", state.day))
    state.effects.send("procedure_changed", entry)
    return APPLIED


def _procedure_before(state: ComplaintState) -> str:
    """The procedure that it followed before the message that is taken now."""
    earlier = [
        heard.message.procedure
        for heard in state.effects.heard[:-1]
        if isinstance(heard.message, ChangeProcedure) and state.outcomes[heard.seq].outcome == "applied"
    ]
    return earlier[-1] if earlier else state.opened_under
