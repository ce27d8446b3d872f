"""A complaint's whole file as people read it: who, what about, what happened, how each date was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

from redress.domain.sentences import with_long_dates
from redress.services.exporting import Counted, File, SentLetter
from redress.services.timeline import KINDS
from redress.services.wording import day, late, words

TOLD_ELSEWHERE = ("action", "on", "by", "message_id", "outcome", "assumed", "decided", "findings", "remedies")
"""Fields of a message that its first line says, or that have a place of their own."""


def as_text(file: File) -> str:
    """The file, section by section."""
    return "\n".join(_lines(file)) + "\n"


def _lines(file: File) -> Iterator[str]:
    yield f"File of complaint {file['reference']}"
    yield f"{file['authority']}. Made on {day(file['exported_on'])}."
    if file["erased_on"]:
        yield f"Its personal data was destroyed on {day(file['erased_on'])}: dates and outcomes are left."
    for title, section in (
        ("WHO", _who),
        ("WHAT IT IS ABOUT", _about),
        ("WHERE IT STANDS", _stands),
        ("CHRONOLOGY", _chronology),
        ("DECISIONS", _decisions),
        ("AGREED ACTIONS", _actions),
        ("HOW EACH DATE WAS COUNTED", _dates),
        ("LETTERS", _letters),
    ):
        lines = [*section(file)]
        if lines:
            yield ""
            yield title
            yield from lines


def _who(file: File) -> Iterator[str]:
    if file["erased_on"]:
        return
    details = file["details"]
    if "complainant" not in details:
        yield "Complainant: did not say who they are"
    for name in ("complainant", "on_behalf_of", "advocate"):
        if details.get(name):
            yield f"{words(name).capitalize()}: {_plain(details[name])}"
        if name in file["opening"] and file["opening"][name] != details.get(name):
            yield f"  as it was brought: {_plain(file['opening'][name])}"
    now = file["status"]["advocate"]
    if now and now != details.get("advocate"):
        yield f"Advocate now: {_plain(now)}"
    for held in file["status"]["appointments"]:
        until = f" until {day(str(held['until']))}" if held["until"] else ""
        since = f"since {day(str(held['on']))}{until}"
        who = f"{_plain(held.get('person', ''))} ({words(held['connection'])})"
        yield f"{words(held['role']).capitalize()}: {who}, {since}"


def _about(file: File) -> Iterator[str]:
    status, opening = file["status"], file["opening"]
    by = f" by {words(opening['channel'])}" if "channel" in opening else ""
    yield f"Received {day(status['received_on'])}{by}."
    yield f"Procedure: {status['procedure']}, because {status['procedure_reason']}."
    if file["details"].get("about"):
        yield f"About: {_plain(file['details']['about'])}"
    if file["details"].get("events_on"):
        yield f"It arose on {day(str(file['details']['events_on']))}."
    for point in status["points"]:
        yield f"  {point['point']}. {point['text'] or '(what was said is destroyed)'}"
        for found in cast("list[dict[str, str]]", point["findings"]):
            why = f": {found['reason']}" if found["reason"] else ""
            yield f"     {words(found['stage'])}: {words(found['outcome'])}{why}"
    brought = opening.get("points", [])
    if brought and brought != [point["text"] for point in status["points"]]:
        yield "As it was brought:"
        yield from (f"  - {text}" for text in brought)
    if file["details"].get("desired_outcome"):
        yield f"Wanted: {file['details']['desired_outcome']}"
    for link in status["linked"]:
        yield f"Belongs together with {link['reference']} ({words(link['how'])})."


def _stands(file: File) -> Iterator[str]:
    status = file["status"]
    if status["closed_on"]:
        yield f"Closed on {day(status['closed_on'])} as {words(status['closed_as'])}."
    else:
        yield f"{words(status['state']).capitalize()}, at {words(status['stage'])}."
    if status["next_due_on"]:
        yield f"Waits for the {words(status['waiting_for'])}, by {day(status['next_due_on'])}."
    for each in status["pending"]:
        yield f"To decide: {_remark(each, 'reason')}"
    for irregularity in status["irregular"]:
        yield f"Irregular: {_remark(irregularity, 'what')}"


def _remark(row: Mapping[str, object], field: str) -> str:
    return f"{words(row['action'])} of {day(str(row['on']))}: {with_long_dates(str(row[field]))}"


def _chronology(file: File) -> Iterator[str]:
    """By day; messages in the order in which they came."""
    reasons = _refusals(file)
    lines: list[tuple[str, int, list[str]]] = [
        (str(message["on"]), KINDS.index("message"), [*_message(message, reasons)])
        for message in file["status"].get("messages", [])
    ]
    lines += [
        (entry["on"], KINDS.index(entry["kind"]), [f"{day(entry['on'])}  {entry['what']}"])
        for entry in file["chronology"]
        if entry["kind"] != "message"
    ]
    for _, _, of_one in sorted(lines, key=lambda line: line[:2]):
        yield from of_one


def _refusals(file: File) -> dict[str, str]:
    """Why messages were refused, by their ids."""
    return {str(each.get("message_id")): str(each["reason"]) for each in file["status"]["refused"]}


def _message(message: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[str]:
    reason = reasons.get(str(message.get("message_id")), "")
    why = f": {with_long_dates(reason)}" if reason else ""
    outcome = "" if message["outcome"] == "applied" else f" ({words(message['outcome'])}{why})"
    decided = f": {words(message['decided'])}" if message.get("decided") else ""
    by = f", by {message['by']}" if message.get("by") else ""
    assumed = ", its date assumed" if message.get("assumed") else ""
    yield f"{day(str(message['on']))}  {words(message['action'])}{decided}{by}{assumed}{outcome}"
    for name, value in message.items():
        if name not in TOLD_ELSEWHERE and value not in (None, "", [], {}):
            yield f"      {words(name)}: {_plain(value)}"


def _decisions(file: File) -> Iterator[str]:
    reasons = _refusals(file)
    for decision in file["decisions"]:
        yield from _message(decision, reasons)
        for found in decision.get("findings", []):
            why = f": {found['reason']}" if found.get("reason") else ""
            yield f"      point {found['point']}: {words(found['outcome'])}{why}"
        yield from (f"      agreed: {_plain(remedy)}" for remedy in decision.get("remedies", []))


def _actions(file: File) -> Iterator[str]:
    for each in file["status"]["remedies"]:
        done = f"done on {day(str(each['done_on']))}" if each["done_on"] else "not done"
        what = f" {each['what']} ({_plain(each['owner'])})," if each.get("what") else ""
        yield f"{each['remedy']}.{what} due {day(str(each['due_on']))}, {done}"


def _dates(file: File) -> Iterator[str]:
    for each in file["dates"]:
        unit = words(each["unit"])
        yield f"{each['title']}: due {day(each['due_on'])}, {_became(each)}"
        yield f"  {each['limit']} {unit} from {day(each['counts_from'])}, which is day 0. {each['source']}"
        passed = ", ".join(f"{day(one['on'])} ({one['why']})" for one in each["passed_over"])
        if passed:
            yield f"  not counted: {passed}"
        for moved in each["earlier"]:
            missed = ", and was missed" if moved["breach"] else ""
            reason = f": {moved['reason']}" if moved["reason"] else ""
            yield f"  was due {day(moved['due_on'])}{missed}{reason}"


def _became(each: Counted) -> str:
    met = f" on {day(each['met_on'])}" if each["met_on"] else ""
    lateness = f", {late(each['days_late'], each['unit'])}" if each["days_late"] else ""
    return f"{words(each['state'])}{met}{lateness}"


def _letters(file: File) -> Iterator[str]:
    for letter in file["letters"]:
        what = f"{words(letter['letter'])} of {day(letter['on'])}, to the {words(letter['recipient'])}"
        yield f"--- {what}: {_left(letter)}"
        yield letter["text"] or "(its text is not kept here)"


def _left(letter: SentLetter) -> str:
    how = f" by {letter['by']}" if letter["by"] else ""
    at = f" on {day(letter['sent_at'][:10])}" if letter["sent_at"] else ""
    why = f" ({letter['why']})" if letter["why"] else ""
    return f"{words(letter['state'])}{at}{how}{why}"


def _plain(value: object) -> str:
    """A value as people read it: `name: Testa Inventata, role: parent`."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{words(name)}: {_plain(each)}" for name, each in value.items() if each not in (None, "")
        )
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return day(text) if _is_date(text) else text


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False
