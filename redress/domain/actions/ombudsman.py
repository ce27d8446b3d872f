"""The way to the Ombudsman, before its time too, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence

from redress.domain.actions.registry import carries_out
from redress.domain.deadline import count
from redress.domain.flags import ENDS_REPLIES
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import OmbudsmanDecision, OmbudsmanEnquiry, ReferToOmbudsman
from redress.domain.ombudsman import Approach, Decision, Enquiry
from redress.domain.procedure import Condition, Procedure, StageName
from redress.domain.state import ComplaintState
from redress.domain.words import mentioned


@carries_out(ReferToOmbudsman)
def refer_to_ombudsman(state: ComplaintState, entry: LogEntry, message: ReferToOmbudsman) -> Outcome:
    """The matter goes to the Ombudsman; a dated look at it is kept up.

    By the authority it ends the procedure. The person's own approach needs nothing and ends nothing.
    """
    if message.approached_by == "complainant":
        return _approached(state, entry)
    if state.referred_on is not None and state.closed_on is not None:
        return refused("The matter is with the Ombudsman already.")
    if state.closed_on is None:
        why_not = _too_early(state, message)
        if why_not:
            return refused(why_not)
        if not state.points.any_upheld:
            state.note_irregular(entry, "no point is recorded as upheld")
        state.close("completed", "", entry)
    state.refer("authority")
    state.effects.send("referral", entry)
    return APPLIED


def _approached(state: ComplaintState, entry: LogEntry) -> Outcome:
    if state.referred_on is not None:
        state.note_irregular(entry, f"it is with the Ombudsman since {state.referred_on.isoformat()} already")
        state.ombudsman.approaches.append(Approach(entry.message.on, "complainant"))
        return APPLIED
    goes_on = state.closed_on is None
    state.refer("complainant")
    state.effects.send("own_approach", entry, goes_on=goes_on)
    return APPLIED


def _too_early(state: ComplaintState, message: ReferToOmbudsman) -> str:
    """Why the matter cannot go to the Ombudsman while the procedure is not over; empty: it can."""
    if not state.procedure.early_referral:
        return (
            f"The procedure is not over: {state.stage_rules.title} comes first. The person may go to the "
            "Ombudsman at any time themselves."
        )
    missing = missing_conditions(state.procedure, message.conditions)
    if missing:
        return (
            "Early referral needs all its conditions recorded (conditions), each by an entry of its own. "
            f"Missing: {'; '.join(missing)} (guidance 3.15)."
        )
    if state.stage != "stage_2" or "stage_2" not in state.answers.on:
        return "Early referral is possible only once Stage 2 has been adjudicated (guidance 3.15)."
    return ""


@carries_out(OmbudsmanEnquiry)
def ombudsman_enquiry(state: ComplaintState, entry: LogEntry, message: OmbudsmanEnquiry) -> Outcome:
    """The Ombudsman asks, and a reply is owed; or the reply went. Whatever the stage, it is recorded."""
    owed = [
        deadline
        for name in state.ombudsman.replies_owed_to(message.ombudsman_reference)
        if (deadline := state.latest[name]).is_open
    ]
    if message.replied_on is not None and message.reply_by is not None:  # the enquiry once more, replied to
        owed = [deadline for deadline in owed if deadline.due_on == message.reply_by]
    name = ""
    if not owed or (message.kind != "reminder" and message.replied_on is None):
        name = _owe_a_reply(state, message)
        owed = [state.latest[name]]
    elif message.reply_by is not None and message.replied_on is None:
        reason = f"the Ombudsman's reminder of {message.on.isoformat()}"
        owed[0].allow_until(state.calendar, message.reply_by, reason, state.day)
    state.ombudsman.enquiries.append(Enquiry(message.on, message.kind, message.ombudsman_reference, name))
    if message.replied_on is not None:
        state.deadlines.meet(owed[0], message.replied_on, assumed=entry.assumed)
    return APPLIED


def _owe_a_reply(state: ComplaintState, message: OmbudsmanEnquiry) -> str:
    """A reply is owed by the day that the Ombudsman set, or the usual limit ends; gives its name."""
    limit = state.procedure.limit["ombudsman_reply"]
    until = message.reply_by or count(state.calendar, limit, message.on, limit.days)
    number = sum(1 for each in state.ombudsman.enquiries if each.deadline) + 1
    name = f"{limit.name}_{number}"
    state.deadlines.run_until(limit, message.on, until, name=name)
    return name


@carries_out(OmbudsmanDecision)
def ombudsman_decision(state: ComplaintState, entry: LogEntry, message: OmbudsmanDecision) -> Outcome:
    """The Ombudsman has decided; what it asks for becomes remedies with dates.

    Sent back as premature, the complaint goes on here; a stage brought back begins a new round.
    """
    if not state.ombudsman.is_involved:
        state.note_irregular(entry, "no referral to the Ombudsman is recorded")
    returns_to = message.returns_to
    if returns_to is not None and returns_to not in state.procedure.stage:
        state.note_irregular(entry, f"this procedure has no {returns_to.replace('_', ' ')}")
        returns_to = None
    category = message.counted_as
    state.ombudsman.decisions.append(
        Decision(message.on, category, message.outcome, message.ombudsman_reference, returns_to)
    )
    state.return_from_ombudsman(assumed=entry.assumed)
    if state.rules.has(ENDS_REPLIES):
        for name in state.ombudsman.replies_ended_by(message.ombudsman_reference):
            if state.latest[name].is_open:
                state.deadlines.stop_one(state.latest[name])
    for remedy in message.remedies:
        state.remedies.agree(remedy, message.on, "ombudsman")
    how = _goes_on(state, entry, message, returns_to)
    state.effects.send("ombudsman_decision", entry, how=how, category=category)
    state.retry_waiting()
    return APPLIED


def _goes_on(
    state: ComplaintState, entry: LogEntry, message: OmbudsmanDecision, returns_to: StageName | None
) -> str:
    """Go on as the Ombudsman decided; how: `round`, `back` (a closed one), `open` (as before), `over`."""
    counts_from = message.counts_from or message.on
    if returns_to is not None:
        state.begin_round(returns_to, entry, counts_from)
        return "round"
    if state.closed_on is None:
        return "open"
    if message.counted_as != "premature":
        return "over"
    if state.stage_rules.next is None and state.stage_rules.name in state.answers.on:
        state.note_irregular(entry, "the procedure is over: ask the Ombudsman what is owed here")
        return "over"
    state.take_back(entry, counts_from)
    return "back"


_DENIALS = ("no", "not", "none", "nobody", "nothing", "never", "without", "isn't", "wasn't", "doesn't")


def missing_conditions(procedure: Procedure, recorded: Sequence[str]) -> list[str]:
    """The titles of the conditions that are not recorded. `recorded` is what the referral says, by entry.

    An entry counts for one condition only: "an agreed action plan" is no agreement of the complainant's.
    """
    wanted = procedure.early_referral
    taken: dict[int, int] = {}  # by the entry's place: the place of the condition it counts for

    def find(condition: int, tried: set[int]) -> bool:
        for at, entry in enumerate(recorded):
            if at in tried or not _counts_for(wanted[condition], entry):
                continue
            tried.add(at)
            if at not in taken or find(taken[at], tried):
                taken[at] = condition
                return True
        return False

    return [condition.title for at, condition in enumerate(wanted) if not find(at, set())]


def _counts_for(wanted: Condition, entry: str) -> bool:
    return bool(mentioned([wanted.name, *wanted.words], entry)) and not mentioned(_DENIALS, entry)
