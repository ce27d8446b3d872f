"""A complaint's whole file as people read it: who, what about, what happened, how each date was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

from redress.domain.calendar import long_date
from redress.domain.sentences import with_long_dates
from redress.services.exporting import Counted, File, SentLetter

SAID_APART = ("action", "on", "by", "message_id", "outcome", "assumed", "decided", "findings", "remedies")
"""Fields of a message that its first line says, or that have a place of their own."""


def as_text(file: File) -> str:
    """The file, section by section."""
    return "\n".join(_lines(file)) + "\n"


def _lines(file: File) -> Iterator[str]:
    yield f"File of complaint {file['reference']}"
    yield f"{file['authority']}. Made on {_day(file['exported_on'])}."
    if file["erased_on"]:
        yield f"Its personal data was destroyed on {_day(file['erased_on'])}: dates and outcomes are left."
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
            yield f"{_words(name).capitalize()}: {_plain(details[name])}"
        if name in file["opening"] and file["opening"][name] != details.get(name):
            yield f"  as it was brought: {_plain(file['opening'][name])}"
    now = file["status"]["advocate"]
    if now and now != details.get("advocate"):
        yield f"Advocate now: {_plain(now)}"
    for held in file["status"]["appointments"]:
        until = f" until {_day(str(held['until']))}" if held["until"] else ""
        since = f"since {_day(str(held['on']))}{until}"
        who = f"{_plain(held.get('person', ''))} ({_words(held['connection'])})"
        yield f"{_words(held['role']).capitalize()}: {who}, {since}"


def _about(file: File) -> Iterator[str]:
    status, opening = file["status"], file["opening"]
    by = f" by {_words(opening['channel'])}" if "channel" in opening else ""
    yield f"Received {_day(status['received_on'])}{by}."
    yield f"Procedure: {status['procedure']}, because {status['procedure_reason']}."
    if file["details"].get("about"):
        yield f"About: {_plain(file['details']['about'])}"
    if file["details"].get("events_on"):
        yield f"It arose on {_day(str(file['details']['events_on']))}."
    for point in status["points"]:
        yield f"  {point['point']}. {point['text'] or '(what was said is destroyed)'}"
        for found in cast("list[dict[str, str]]", point["findings"]):
            why = f": {found['reason']}" if found["reason"] else ""
            yield f"     {_words(found['stage'])}: {_words(found['outcome'])}{why}"
    brought = opening.get("points", [])
    if brought and brought != [point["text"] for point in status["points"]]:
        yield "As it was brought:"
        yield from (f"  - {text}" for text in brought)
    if file["details"].get("desired_outcome"):
        yield f"Wanted: {file['details']['desired_outcome']}"
    for link in status["linked"]:
        yield f"Belongs together with {link['reference']} ({_words(link['how'])})."


def _stands(file: File) -> Iterator[str]:
    status = file["status"]
    if status["closed_on"]:
        yield f"Closed on {_day(status['closed_on'])} as {_words(status['closed_as'])}."
    else:
        yield f"{_words(status['state']).capitalize()}, at {_words(status['stage'])}."
    if status["next_due_on"]:
        yield f"Waits for the {_words(status['waiting_for'])}, by {_day(status['next_due_on'])}."
    for each in status["pending"]:
        yield f"To decide: {_words(each['action'])} of {_day(str(each['on']))}: {_told(each['reason'])}"
    for each in status["irregular"]:
        yield f"Irregular: {_words(each['action'])} of {_day(str(each['on']))}: {_told(each['what'])}"


def _chronology(file: File) -> Iterator[str]:
    """By day; what was said, in the order in which it came."""
    status = file["status"]
    refused = {str(each.get("message_id")): str(each["reason"]) for each in status["refused"]}
    told: list[tuple[str, int, list[str]]] = []
    for message in status.get("messages", []):
        why = refused.get(str(message.get("message_id")), "")
        told.append((str(message["on"]), 1, [*_message(message, why)]))
    for each in file["chronology"]:
        if each["kind"] != "message":
            place = {"received": 0, "late": 2, "letter": 3}.get(each["kind"], 4)
            told.append((each["on"], place, [f"{_day(each['on'])}  {each['what']}"]))
    for _, _, lines in sorted(told, key=lambda one: one[:2]):
        yield from lines


def _message(message: Mapping[str, Any], why: str) -> Iterator[str]:
    outcome = (
        ""
        if message["outcome"] == "applied"
        else f" ({_words(message['outcome'])}{f': {_told(why)}' if why else ''})"
    )
    decided = f": {_words(message['decided'])}" if message.get("decided") else ""
    by = f", by {message['by']}" if message.get("by") else ""
    assumed = ", its date assumed" if message.get("assumed") else ""
    yield f"{_day(str(message['on']))}  {_words(message['action'])}{decided}{by}{assumed}{outcome}"
    for name, value in message.items():
        if name not in SAID_APART and value not in (None, "", [], {}):
            yield f"      {_words(name)}: {_plain(value)}"


def _decisions(file: File) -> Iterator[str]:
    refused = {str(each.get("message_id")): str(each["reason"]) for each in file["status"]["refused"]}
    for decision in file["decisions"]:
        yield from _message(decision, refused.get(str(decision.get("message_id")), ""))
        for found in decision.get("findings", []):
            why = f": {found['reason']}" if found.get("reason") else ""
            yield f"      point {found['point']}: {_words(found['outcome'])}{why}"
        yield from (f"      agreed: {_plain(remedy)}" for remedy in decision.get("remedies", []))


def _actions(file: File) -> Iterator[str]:
    for each in file["status"]["remedies"]:
        done = f"done on {_day(str(each['done_on']))}" if each["done_on"] else "not done"
        what = f" {each['what']} ({_plain(each['owner'])})," if each.get("what") else ""
        yield f"{each['remedy']}.{what} due {_day(str(each['due_on']))}, {done}"


def _dates(file: File) -> Iterator[str]:
    for each in file["dates"]:
        unit = _words(each["unit"])
        yield f"{each['title']}: due {_day(each['due_on'])}, {_became(each)}"
        yield f"  {each['limit']} {unit} from {_day(each['counts_from'])}, which is day 0. {each['source']}"
        passed = ", ".join(f"{_day(day['on'])} ({day['why']})" for day in each["passed_over"])
        if passed:
            yield f"  not counted: {passed}"
        for moved in each["earlier"]:
            missed = ", and was missed" if moved["breach"] else ""
            reason = f": {moved['reason']}" if moved["reason"] else ""
            yield f"  was due {_day(moved['due_on'])}{missed}{reason}"


def _became(each: Counted) -> str:
    said = _words(each["state"])
    if each["met_on"]:
        said += f" on {_day(each['met_on'])}"
    if each["days_late"]:
        unit = _words(each["unit"]).removesuffix("s" if each["days_late"] == 1 else "")
        said += f", {each['days_late']} {unit} late"
    return said


def _letters(file: File) -> Iterator[str]:
    for letter in file["letters"]:
        what = f"{_words(letter['letter'])} of {_day(letter['on'])}, to the {_words(letter['recipient'])}"
        yield f"--- {what}: {_left(letter)}"
        yield letter["text"] or "(its text is not kept here)"


def _left(letter: SentLetter) -> str:
    how = f" by {letter['by']}" if letter["by"] else ""
    at = f" on {_day(letter['sent_at'][:10])}" if letter["sent_at"] else ""
    why = f" ({letter['why']})" if letter["why"] else ""
    return f"{_words(letter['state'])}{at}{how}{why}"


def _plain(value: object) -> str:
    """A value as people read it: `name: Testa Inventata, role: parent`."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_words(name)}: {_plain(each)}" for name, each in value.items() if each not in (None, "")
        )
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return _day(text) if _is_date(text) else text


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _words(code: object) -> str:
    return str(code).replace("_", " ")


def _told(reason: object) -> str:
    """A reason as people read it: the complaint keeps its dates as programs write them."""
    return with_long_dates(str(reason))


def _day(iso: str) -> str:
    return long_date(date.fromisoformat(iso))
