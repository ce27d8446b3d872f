"""What a request or an answer leaves unsaid: it is asked for, and never a ground to refuse."""

from __future__ import annotations

from redress.domain.log import LogEntry
from redress.domain.messages import Escalate, Message, Respond
from redress.domain.procedure import Stage
from redress.domain.state import ComplaintState

WORDS = {
    "reason": "why the answer before is not right for them",
    "desired_outcome": "how they would like it resolved",
}
"""What a request should say, by its field."""


def unsaid_by_request(stage: Stage, message: Message) -> list[str]:
    """The fields that a request for the next stage leaves empty, where its procedure asks for them."""
    if not (stage.ask_reasons and isinstance(message, Escalate)):
        return []
    return [field for field in WORDS if not getattr(message, field)]


def unsaid_by_answer(stage: Stage, message: Respond, points: int) -> str:
    """What an answer to so many points leaves undecided or unreasoned of each, in words; empty: nothing."""
    if not stage.each_point or points < 2:
        return ""
    if not message.findings:
        return "it gives no decision and reason for each point: what it decides holds for all alike"
    without = [str(finding.point) for finding in message.findings if not finding.reason]
    return f"it gives no reason for point {', '.join(without)}" if without else ""


def asked_besides(state: ComplaintState) -> list[str]:
    """What the Complaints Manager is asked to find out or put right, as sentences; nothing waits for it."""
    if state.closed_on is not None:
        return []
    heard = {entry.message.message_id: entry for entry in state.effects.heard}
    return [*_of_the_request(state), *_of_the_answer(state, heard)]


def _of_the_request(state: ComplaintState) -> list[str]:
    stage = state.stage_rules
    request = state.requests.opened_by.get(stage.name)
    before = next((each for each in state.procedure.stages if each.next == stage.name), None)
    if request is None or before is None or stage.name in state.answers.on:
        return []
    unsaid = unsaid_by_request(before, request.message)
    if not unsaid:
        return []
    name = request.message.message_id
    where = " and ".join(f"{name}.{field}" for field in unsaid)
    said = " and ".join(WORDS[field] for field in unsaid)
    what = f"{stage.title} was asked for, and runs. Ask the person {said}, and correct {where}"
    return [f"{what} ({before.source})."]


def _of_the_answer(state: ComplaintState, heard: dict[str, LogEntry]) -> list[str]:
    stage = state.stage_rules
    given = [name for name, answer in state.answers.given.items() if answer.stage == stage.name]
    message = heard[given[-1]].message if given and given[-1] in heard else None
    if not isinstance(message, Respond):
        return []
    unsaid = unsaid_by_answer(stage, message, len(state.answers.given[given[-1]].points))
    if not unsaid:
        return []
    return [
        f"The answer {given[-1]} was taken, but {unsaid}. Decide on each point, with the reason: "
        f"respond with amends {given[-1]} and findings ({stage.source})."
    ]
