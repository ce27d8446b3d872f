"""Words that count in combination: what a text speaks of, and does not only mention in passing.

A procedure's data names the words (`Question.words`); here is how a text is read for them. A sentence counts
without those of its parts that say that something is not the matter, or that hold a phrase which the data
excepts. What follows "it", "this", "that", "which" or "still" belongs to the sentence before.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

GAP = "..."
"""In a phrase: up to three other words."""

NOT_THE_MATTER = (
    "not ... about",
    "nothing to do with",
    "no complaint* about",
    "no complaint* ... with",
    "not ... complain* about",
    "not ... complaint* about",
    "no problem* with",
    "no issue* with",
    "no concern* about",
    "happy with",
    "pleased with",
    "nothing ... wrong with",
    "nothing against",
)
"""A part of a sentence with one of these says that something is not the matter, whatever it mentions."""

_ADVERBS = r"(?:(?:been|be|being|yet|actually|really|ever|even|so|very|too|at|all|a|any) )*"
_DENIED = re.compile(rf"\b(?:not|never|nor|neither|without) {_ADVERBS}$")
_DENIALS = ("not", "never")
_SHORT_NOT = re.compile(r"\b(has|have|had|did|does|do|was|were|is|are|would|could|should|wo|ca)(?:n't|nt)\b")
_ABBREVIATION = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


class Combination(Protocol):
    """Words that count together: one of each list, in one sentence, and none of the last in the point."""

    @property
    def one_of(self) -> Sequence[str]: ...
    @property
    def and_one_of(self) -> Sequence[str]: ...
    @property
    def none_of(self) -> Sequence[str]: ...


def speaks_of(text: str, combinations: Iterable[Combination], unless: Sequence[str]) -> list[str]:
    """The phrases by which a text speaks of what the combinations look for; empty: it does not.

    They are those of the data and not the text's own words, which may name people. `unless`: phrases; the
    part of a sentence in which one stands does not count.
    """
    whole = _plain(text)
    words = sorted({*whole.split()})
    sentences: list[str] | None = None
    for each in combinations:
        one_of, and_one_of = _possible(each.one_of, words), _possible(each.and_one_of, words)
        if not one_of or (each.and_one_of and not and_one_of):
            continue
        if any(_pattern(phrase).search(whole) for phrase in _possible(each.none_of, words)):
            continue
        if sentences is None:
            sentences = [*_sentences(text, _possible((*NOT_THE_MATTER, *unless), words))]
        for sentence in sentences:
            first = _first(one_of, sentence)
            second = _first(and_one_of, sentence, denied=True) if first and and_one_of else ""
            if first is not None and second is not None:
                return [word for word in (first, second) if word]
    return []


def wrong_phrase(phrase: str) -> str:
    """What is wrong with a phrase in a file; empty: nothing."""
    words = phrase.split()
    if not re.search(r"\w", phrase):
        return f"{phrase!r}: holds no word"
    if words[0] == GAP or words[-1] == GAP:
        return f"{phrase!r}: {GAP} stands between words"
    if any("*" in word[:-1] or word == "*" for word in words):
        return f"{phrase!r}: * stands at the end of a word, as in exclu*"
    if not all(re.fullmatch(r"\w+\*?", word) for word in _plain(phrase).split() if word != GAP):
        return f"{phrase!r}: only words, * and {GAP} may stand in it"
    return ""


def _plain(text: str) -> str:
    """A text as it is compared: small letters, single spaces, no apostrophes, no short forms of not."""
    text = _INVISIBLE.sub("", text).casefold().replace("\u2019", "'")
    text = _SHORT_NOT.sub(r"\1 not", _ABBREVIATION.sub(_without_dots, text)).replace("'", "")
    return " ".join(re.sub(r"[^\w*.]|_|(?<!\.)\.(?!\.)", " ", text).split())


def _without_dots(abbreviation: re.Match[str]) -> str:
    return abbreviation.group().replace(".", "")


def _possible(phrases: Iterable[str], words: list[str]) -> list[str]:
    """The phrases all of whose words stand in a text, whose own are given in their order: few remain."""
    return [phrase for phrase in phrases if all(_stands(word, words) for word in _words_of(phrase))]


def _stands(word: str, words: list[str]) -> bool:
    start = word.removesuffix("*")
    at = bisect_left(words, start)
    return at < len(words) and (words[at].startswith(start) if start != word else words[at] == word)


@lru_cache(maxsize=4096)
def _words_of(phrase: str) -> tuple[str, ...]:
    return tuple(word for word in _plain(phrase).split() if word != GAP)


def _sentences(text: str, unless: Sequence[str]) -> Iterator[str]:
    """What counts of each sentence, and each with the one that goes on about it."""
    before = ""
    for sentence in re.split(r"[.!?\n]+", _ABBREVIATION.sub(_without_dots, text)):
        counts = _counting(sentence, unless)
        yield counts
        if before and re.match(r"\s*(?:it|this|that|which|still)\b", sentence, re.IGNORECASE):
            yield f"{before} {counts}"
        before = counts


def _counting(sentence: str, unless: Sequence[str]) -> str:
    parts = re.split(r"[,;:()\u2013\u2014]|\band\b|\bbut\b|\b(?:al)?though\b|\bhowever\b", sentence)
    excepted = [_pattern(phrase) for phrase in unless]
    plain = map(_plain, parts)
    return " ".join(part for part in plain if not any(pattern.search(part) for pattern in excepted))


def _first(phrases: Iterable[str], sentence: str, *, denied: bool = False) -> str | None:
    """The first of the phrases that stands in a sentence.

    `denied`: one that is denied does not count ("was not late"), nor does the denial alone.
    """
    for phrase in phrases:
        for match in _pattern(phrase).finditer(sentence):
            before, after = sentence[: match.start()], sentence[match.end() :]
            if not (denied and (_DENIED.search(before) or _denies(phrase, after, phrases))):
                return phrase
    return None


def _denies(phrase: str, after: str, phrases: Iterable[str]) -> bool:
    """Whether a phrase is but the denial of another one that follows it."""
    rest = re.sub(rf"^ {_ADVERBS}", "", after)
    return phrase in _DENIALS and any(_pattern(other).match(rest) for other in phrases)


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = [
        r"(?:\w+ ){0,3}" if word == GAP else re.escape(word).replace(r"\*", r"\w*") + " "
        for word in _plain(phrase).split()
    ]
    return re.compile(rf"\b{''.join(words)[:-1]}\b")
