"""In what form somebody asked for their letters, read from their own words (`format` of a contact)."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

AskedRoute = Literal["email", "text", "post"]

_ASKED_BY: dict[AskedRoute, str] = {
    "email": "email emails",
    "text": "text texts sms",
    "post": "post posted letter letters paper",
}
ROUTE_WORDS = {word: route for route, words in _ASKED_BY.items() for word in words.split()}
"""The words by which somebody asks for a route (`format` of the complainant)."""

_SMALL_WORDS = (
    "a an and any are at be by can contact copy either fine first for format i in is like me message "
    "messages mobile my normal only or ordinary phone please prefer preferred send "
    "standard the then to usual via with written"
)
_FILLERS = frozenset(_SMALL_WORDS.split())
"""Words that ask for nothing."""

NO_WISH = frozenset({"no preference", "none", "any", "either", "either is fine", "no particular preference"})
"""What says, as a whole, that it is all the same. Any other denial ("no post") is read by a person."""

_A_SIGN = re.compile(r"[^\w\s.,;:/&+()'-]")
"""What may mean anything: a cross, a tick, a question mark."""


def asked_for(form: str) -> tuple[list[str], bool]:
    """The routes that a `format` names, in its order, and whether it asks for more than a route.

    What is no known word (large print, easy read, a language, a denial of any kind) is for a person: sending
    something else in its place would be no answer to whoever asked, and could harm them.
    """
    text = unicodedata.normalize("NFKC", form).casefold()
    text = text.replace("e-mail", "email").replace("text message", "text")
    words = re.findall(r"\w+", text)
    if " ".join(words) in NO_WISH:
        return [], False
    asked: list[str] = list(dict.fromkeys(ROUTE_WORDS[word] for word in words if word in ROUTE_WORDS))
    rest = [word for word in words if word not in ROUTE_WORDS and word not in _FILLERS]
    return asked, bool(rest or _A_SIGN.search(text))


def goes_by_post(form: str, email: str, address: str) -> bool:
    """Whether letters to somebody go by post: there is no e-mail address, or they asked for post first.

    A form that only a person can make goes by post where that can be.
    """
    if not address.strip():
        return False
    asked, by_a_person = asked_for(form)
    first = next((route for route in asked if route in ("email", "post")), "")
    return by_a_person or not email.strip() or first == "post"
