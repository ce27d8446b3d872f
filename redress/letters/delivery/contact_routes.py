"""By what means somebody gets letters: what they asked for, and what can be used of what they gave."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from redress.domain.case import Case
from redress.domain.fields import Advocate, Contact
from redress.letters.delivery.outbound import Route
from redress.letters.naming import one_line
from redress.procedures.authority import Authority

BY_MEANS: dict[str, Route] = {
    "email": "email",
    "emails": "email",
    "text": "text",
    "texts": "text",
    "sms": "text",
    "post": "post",
    "posted": "post",
    "letter": "post",
    "letters": "post",
    "paper": "post",
}
"""The words by which somebody asks for a means (`format` of the complainant)."""

_SMALL_WORDS = (
    "a an and any are at be by can contact copy either fine first for format i in is like me message "
    "messages mobile my no none normal only or ordinary phone please prefer preference preferred send "
    "standard the then to usual via with written"
)
_FILLERS = frozenset(_SMALL_WORDS.split())
"""Words that ask for nothing."""

NO_WAY = "there is no e-mail address and no postal address that can be used"
BY_A_PERSON = "it was asked for in a form that a person has to make"

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class Reach(NamedTuple):
    """How somebody is reached: `ways` are the means of a letter, the preferred first."""

    name: str
    email: str
    telephone: str
    address: str
    ways: list[Route]
    why_none: str
    wants_text: bool


def reach_of(case: Case, authority: Authority, recipient: str) -> Reach:
    """How the recipient of a letter is reached now. Staff by the authority's file."""
    if recipient == "complainant" and case.opening.complainant is not None:
        return _reach(case.opening.complainant, case.opening.complainant.format)
    if recipient == "advocate" and case.fold.people.advocate is not None:
        return _reach(case.fold.people.advocate, "")
    by_role = {str(role): email for role, email in authority.addresses.items()}
    email = by_role.get(recipient) or authority.contact.email
    return Reach("", usable_email(email), "", "", ["staff"], "", wants_text=False)


def _reach(person: Contact | Advocate, form: str) -> Reach:
    asked, by_a_person = asked_for(form)
    can: list[Route] = []
    if usable_email(person.email):
        can.append("email")
    if person.address.strip():
        can.append("post")
    ways = sorted(can, key=lambda means: asked.index(means) if means in asked else len(asked))
    return Reach(
        name=one_line(person.name),
        email=usable_email(person.email),
        telephone=one_line(person.telephone),
        address=person.address.strip(),
        ways=[] if by_a_person else ways,
        why_none=BY_A_PERSON if by_a_person else "" if ways else NO_WAY,
        wants_text="text" in asked and bool(person.telephone.strip()),
    )


def asked_for(form: str) -> tuple[list[Route], bool]:
    """The means that a `format` names, in its order, and whether it asks for more than a means.

    What is no known word (large print, easy read, a language) can only be made by a person: sending
    something else in its place would be no answer to whoever asked.
    """
    said = (
        unicodedata.normalize("NFKC", form)
        .casefold()
        .replace("e-mail", "email")
        .replace("text message", "text")
    )
    words = re.findall(r"\w+", said)
    asked = list(dict.fromkeys(BY_MEANS[word] for word in words if word in BY_MEANS))
    rest = [word for word in words if word not in BY_MEANS and word not in _FILLERS]
    return asked, bool(rest)


def usable_email(said: str) -> str:
    """An e-mail address that can stand in a message's header and a server will look at; else nothing.

    Letters beyond ASCII are taken in the domain only (as IDNA): few servers take them before the @.
    """
    local, at, domain = said.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = domain.split(".")
    fits = len(local) <= 64 and len(domain) <= 253 and len(labels) > 1 and not labels[-1].isdigit()
    if at and fits and _LOCAL.fullmatch(local) and all(_LABEL.fullmatch(label) for label in labels):
        return f"{local}@{domain}"
    return ""
