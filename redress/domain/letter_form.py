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
    "a an are by can contact either fine for format i in is like me message messages my normal only or "
    "ordinary please prefer preferred send standard the to usual via would"
)
_FILLERS = frozenset(_SMALL_WORDS.split())
"""Words that ask for nothing beside a route, and never turn one into its contrary."""

_NEUTRAL_WORDS = "a as format in normal ordinary please standard the usual"
_WITHOUT_ROUTE = frozenset(_NEUTRAL_WORDS.split())
"""Words that ask for nothing where no route is named: "contact me first" or "by phone" is no such text."""

_LETTERS_BY = re.compile(r"\b(?:letters?|messages?)\s+(?=(?:only |sent |to me )?(?:by|via|in|through) )")
"""A letter that is to come by something: the something is the route."""

NO_WISH = frozenset({"no preference", "none", "any", "either", "either is fine", "no particular preference"})
"""What says, as a whole, that it is all the same. Any other denial ("no post") is read by a person."""

_A_SIGN = re.compile(r"[^\w\s.,;:/&+()'-]")
"""What may mean anything: a cross, a tick, a question mark."""


def asked_for(form: str) -> tuple[list[str], bool]:
    """The routes that a `format` names, in its order, and whether it asks for more than a route.

    Only what can mean one thing alone is acted on. What is no known word (large print, a language, a denial
    of any kind, a call instead of a letter, a letter to somebody else, two routes at once) is for a person:
    sending something else in its place would be no answer to whoever asked, and could harm them.
    """
    text = unicodedata.normalize("NFKC", form).casefold()
    text = (
        text.replace("e-mail", "email")
        .replace("text message", "text")
        .replace("&", " and ")
        .replace("+", " and ")
    )
    words = re.findall(r"\w+", text)
    if " ".join(words) in NO_WISH:
        return [], False
    named = re.findall(r"\w+", _LETTERS_BY.sub("", text))
    asked: list[str] = list(dict.fromkeys(ROUTE_WORDS[word] for word in named if word in ROUTE_WORDS))
    known = _FILLERS if asked else _WITHOUT_ROUTE
    if "text" in asked:  # it goes to a telephone, and beside a letter
        known = known | {"and", "mobile", "phone"}
    rest = [word for word in named if word not in ROUTE_WORDS and word not in known]
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
