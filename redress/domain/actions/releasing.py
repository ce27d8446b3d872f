"""A letter that leaves without what it encloses."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.effects import letter_mark
from redress.domain.enclosures import FOLLOW_UP, Release
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import ReleaseLetter
from redress.domain.receipt import copies_of
from redress.domain.state import ComplaintState


@carries_out(ReleaseLetter)
def release_letter(state: ComplaintState, entry: LogEntry, message: ReleaseLetter) -> Outcome:
    """It leaves, and another letter brings what it lacks: owed by a day, and only then does time count."""
    key = state.enclosures.waiting_key(message.mark)
    if key is None:
        draft = state.drafts.marked(message.mark)
        if draft is not None and draft.is_open:
            return refused(
                f"The letter {message.mark} is a draft: once approved it waits for its enclosures."
            )
        return refused(f"No letter {message.mark} waits for an enclosure in this complaint on that day.")
    if key in state.enclosures.released or key.startswith(f"{FOLLOW_UP}:"):
        return refused(f"The letter {message.mark} was released before, or brings what another lacked.")
    if message.follows_by < message.on:
        return refused(f"follows_by: {message.follows_by} has passed: the letter promises that day.")
    lacking = {reader: tuple(kinds) for reader, kinds in state.enclosures.waits[key].items()}
    release = Release(entry, key, lacking, message.follows_by)
    state.enclosures.release(release)
    let_follow(state, key)
    facts = next((effect.facts for effect in state.effects if effect.key == key), {})
    drafted = next((draft.stage for draft in state.drafts if draft.key == key), state.stage)
    state.effects.send(
        "enclosure_follows",
        entry,
        of=key,
        which=key.partition(":")[0],
        kinds=[*release.kinds],
        stage=facts.get("stage", drafted),
        appointed=facts.get("appointed", []),
        to_people=facts.get("to_people", []),
    )
    return APPLIED


def let_follow(state: ComplaintState, key: str) -> None:
    """After an answer that left without, the time to go on counts from when what follows it is had."""
    release, letter = state.enclosures.released.get(key), state.answers.letters.get(key)
    if release is None or letter is None or state.enclosures.has_followed(release):
        return
    copies = copies_of(state, release.follow_up)
    waited = {letter_mark(key, reader) for reader in release.lacking}
    follow_up = letter._replace(key=release.follow_up, copies=copies, left_later={})
    state.answers.letters[follow_up.key] = follow_up
    state.answers.failed |= {copies[number] for number, mark in letter.copies.items() if mark in waited}
