"""What the Temporal UI shows of a complaint: in lists, and on its page. No personal data.

The UI fetches the details' text from its server in an address, which logs and proxies may keep: another
reason why nobody is named in it, and why it is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Any

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from redress import contract
from redress.domain.calendar import long_date
from redress.domain.case import Case
from redress.domain.complainants import without_names
from redress.domain.deadline import days_late
from redress.domain.identifiers import REFERENCE
from redress.domain.london import instant
from redress.domain.messages import KNOWN
from redress.domain.owed import brief
from redress.domain.plain_words import place_of
from redress.domain.sentences import in_days, title_of, what, with_long_dates
from redress.domain.state import ComplaintState
from redress.domain.status_building import linked, state_of

MOST_LISTED = 20
"""Lines of one kind: remedies can be many, and the text travels in an address."""

CANCEL = "cancel"
"""As what a request to cancel the workflow is written down."""

STATIC_DETAILS = (
    "**Current Details**, beside this, says where the complaint stands: what is owed, by whom, by when. "
    "Press R after you did something.\n\n"
    "**To act:** More Actions, then Send an Update. Each action says what to fill in.\n\n"
    "**Never** cancel, terminate or reset a complaint: it ends by the updates `withdraw` or `close`."
)
"""What stands on every complaint's page under Details."""


def title(reference: str, authority: str = "", part_of: str = "") -> str:
    """What stands on a complaint's page under Summary."""
    name = f"Complaint {reference}"
    if part_of:
        return f"{name}, split off {part_of}"
    return f"{name} to {authority}" if authority else name


def search_attributes(case: Case) -> TypedSearchAttributes:
    """What lists of workflows show of a case, as of the day its state has come to."""
    now = brief(case.state, case.state.day)
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(contract.AUTHORITY, case.opening.authority),
        SearchAttributePair(contract.PROCEDURE, case.state.procedure.name),
        SearchAttributePair(contract.STAGE, now.stage),
        SearchAttributePair(contract.STATE, now.state),
        SearchAttributePair(contract.WAITING_FOR, now.waiting_for),
        SearchAttributePair(contract.OVERDUE, now.overdue),
    ]
    if now.next_due_on is not None:
        pairs.append(SearchAttributePair(contract.NEXT_DUE, instant(now.next_due_on, "23:59")))
    return TypedSearchAttributes(pairs)


def current_details(case: Case, today: date, namespace: str) -> str:
    """Markdown for `current details`, as of a London date: the most urgent first.

    It is made when something happens to the complaint, and stands until the next time something does:
    so it tells since when a thing is late, not for how many days.
    """
    state = case.state
    blocks = [
        _where(state),
        _block("Owed now", _owed(state, today)),
        _block("To decide", _to_decide(state)),
        _block("Letters to approve", _to_approve(state)),
        _block("Waits, with nothing to decide", _waits(state)),
        _block("Was late", _was_late(state, today)),
        _last_message(case),
        _not_taken(case),
        _block("Came unencrypted, and stays readable in the history", _in_clear(case)),
        _block("Done", _done(state, today)),
        _block("Belongs together with", _linked(case, namespace)),
        _lists(case, namespace),
        _about(case),
    ]
    return "\n\n".join(block for block in blocks if block)


def _where(state: ComplaintState) -> str:
    stage = state.procedure.stage.get(state.stage)
    place = stage.title if stage else state.stage.replace("_", " ").capitalize()
    if state.closed_on is not None:
        when = f"on {long_date(state.closed_on)} as {str(state.closed_as).replace('_', ' ')}"
        return f"**{place}** · closed {when}" if place_of(state) == "ombudsman" else f"**Closed {when}**"
    return f"**{place}** · {state.state}"


def _owed(state: ComplaintState, today: date) -> Iterator[str]:
    """What runs, by its day; what is overdue comes first by itself."""
    for deadline in sorted(state.running, key=attrgetter("due_on")):
        day, who = long_date(deadline.due_on), title_of(state.procedure, deadline.owner)
        if deadline.paused_on is not None:
            late = f"**overdue: {what(deadline)}**, due {day}" if deadline.due_on < deadline.paused_on else ""
            yield f"{late or what(deadline)} ({who}), paused since {long_date(deadline.paused_on)}"
        elif deadline.due_on >= today:
            yield f"by {day}: {what(deadline)} ({who})"
        elif deadline.limit.kind == "limit":
            yield f"**overdue: {what(deadline)}**, due {day} ({who})"
        else:
            yield f"aimed at {day}, not done: {what(deadline)} ({who})"


def _to_decide(state: ComplaintState) -> Iterator[str]:
    if state.closed_on is None and state.stage == "intake":
        for question in state.questions:
            yield f"{question.asked} Answer with `accept` or `decline`."
    if state.closed_on is None:
        for route in state.routes:
            yield f"{route.asked} Answer with `accept`, `change_procedure`, `split` or `decline`."
    for request in state.requests.late:
        yield f"the request of {long_date(request.message.on)} came late: answer with `decide_late`"


def _to_approve(state: ComplaintState) -> Iterator[str]:
    """Drafts that wait to be approved, the first to be due first."""
    for draft in sorted(state.drafts.unapproved, key=state.drafts.due_on):
        who = title_of(state.procedure, state.drafts.asked(draft))
        if state.drafts.turn(draft) == "deputy" and draft.rule.deputy is None:
            who = f"deputy of the {title_of(state.procedure, draft.rule.approver)}, else the {who}"
        day = long_date(state.drafts.due_on(draft))
        yield f"`{draft.template}`, by {day} ({who}): `approve_letter` with mark `{draft.marks[0]}`"


def _waits(state: ComplaintState) -> Iterator[str]:
    for waits in state.requests.waiting:
        yield f"`{waits.message.action}` of {long_date(waits.message.on)}, until it can be carried out"


def _was_late(state: ComplaintState, today: date) -> Iterator[str]:
    """What was done late or never, and earlier days that were missed before more time was given."""
    for deadline in state.ledger:
        late = days_late(state.calendar, deadline, today)
        if late and not deadline.is_open:
            line = f"{what(deadline)}: due {long_date(deadline.due_on)}"
            line += f", done {long_date(deadline.met_on)}" if deadline.met_on else ", never done"
            yield f"{line}, {in_days(late, deadline.limit.unit)} late"
        for moved in deadline.moved:
            if moved.breach:
                yield f"{what(deadline)}: late on its earlier day, {long_date(moved.due_on)}"


def _last_message(case: Case) -> str:
    """The last message and what became of it: the UI calls every answered update successful."""
    if not case.log:
        return ""
    entry = case.log[-1]
    message, outcome = entry.message, case.state.outcomes.get(entry.seq)
    line = f"**Last message:** `{message.action}` of {long_date(message.on)}"
    if outcome is not None and outcome.outcome != "applied":
        reason = (
            f": {with_long_dates(without_names(outcome.reason))}"
            if outcome.reason and outcome.since is None
            else ""
        )
        return f"{line}, **{outcome.outcome}**{reason}"
    odd = [irregular.what for irregular in case.state.irregular if irregular.seq == entry.seq]
    return f"{line}, taken, but **irregular**: {'; '.join(map(_bare, odd[:MOST_LISTED]))}" if odd else line


def _not_taken(case: Case) -> str:
    """The last signal or request to cancel that could not be taken: whoever sent it had no answer.

    Why stands in the status alone: it may hold what somebody wrote.
    """
    if not case.rejected:
        return ""
    last = case.rejected[-1]
    day = long_date(last.on)
    if last.action == CANCEL:
        return f"**Not taken:** `{CANCEL}` of {day}: the complaint goes on; it ends by `withdraw` or `close`"
    name = f"`{last.action}`" if last.action in KNOWN else "a signal of an unknown name"
    return f"**Not taken:** {name}, which came on {day} as a signal. Why: query `status`, under `refused`"


def _in_clear(case: Case) -> Iterator[str]:
    """Signals that came without the codec: applied or not, whoever reaches Temporal can read them."""
    for entry in case.log:
        if entry.in_clear:
            yield f"`{entry.message.action}` of {long_date(entry.message.on)}, applied as a signal"
    for rejected in case.rejected:
        if rejected.in_clear:
            name = f"`{rejected.action}`" if rejected.action in KNOWN else "a signal"
            yield f"{name}, which came on {long_date(rejected.on)}, not applied"


def _bare(irregular: str) -> str:
    """What is irregular, without what somebody wrote: a point may be named by a text."""
    is_name = irregular.startswith("there is no point")
    return "no point is as named" if is_name else with_long_dates(irregular)


def _done(state: ComplaintState, today: date) -> Iterator[str]:
    for deadline in state.ledger:
        if state_of(deadline, today) == "met" and deadline.met_on is not None:
            yield f"{what(deadline)}: {long_date(deadline.met_on)}, in time"
        elif deadline.lapsed_on is not None:
            yield f"{what(deadline)}: ran out on {long_date(deadline.due_on)}"


def _linked(case: Case, namespace: str) -> Iterator[str]:
    for link in linked(case.state, case.reference):
        reference, how = str(link["reference"]), str(link["how"]).replace("_", " ")
        if not REFERENCE.fullmatch(reference):  # what an opening links to may be any text
            continue
        yield f"[{reference}](/namespaces/{namespace}/workflows/{contract.workflow_id(reference)}), {how}"


def _lists(case: Case, namespace: str) -> str:
    """The way back to other work, from here."""
    lists = [("everything that is overdue", contract.ALL_OVERDUE)]
    role = brief(case.state, case.state.day).waiting_for
    if role != "nobody":
        who = title_of(case.state.procedure, role)
        lists.append((f"everything that waits for the {who}", contract.waiting_for(role)))
    links = [f"[{name}]({contract.list_path(namespace, query)})" for name, query in lists]
    return f"Lists: {' · '.join(links)}"


def _about(case: Case) -> str:
    procedure = case.state.procedure
    return (
        f"{case.reference} · {case.opening.authority} · received {long_date(case.opening.received_on)}, "
        f"{case.opening.channel.replace('_', ' ')}\n"
        f"Who complains, for whom, about which team, and what they want: query `{contract.WHO}`\n"
        f"{procedure.title} (`{procedure.name}`). Why: {case.state.rules.chosen}"
    )


def _block(heading: str, lines: Iterator[str]) -> str:
    listed = list(lines)
    if not listed:
        return ""
    more = [f"and {len(listed) - MOST_LISTED} more"] if len(listed) > MOST_LISTED else []
    return "\n".join([f"#### {heading}", "", *(f"- {line}" for line in listed[:MOST_LISTED] + more)])
