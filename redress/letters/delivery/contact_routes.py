"""By what route somebody gets letters: what they asked for, and what can be used of what they gave."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from redress.domain.case import Case
from redress.domain.contact_details import usable_email
from redress.domain.fields import Advocate, Contact
from redress.letters.naming import one_line
from redress.letters.visible import visible
from redress.procedures.authority import Authority
from redress.store.outbound import Route

_ASKED_BY: dict[Route, str] = {
    "email": "email emails",
    "text": "text texts sms",
    "post": "post posted letter letters paper",
}
ROUTE_WORDS = {word: route for route, words in _ASKED_BY.items() for word in words.split()}
"""The words by which somebody asks for a route (`format` of the complainant)."""

_SMALL_WORDS = (
    "a an and any are at be by can contact copy either fine first for format i in is like me message "
    "messages mobile my no none normal only or ordinary phone please prefer preference preferred send "
    "standard the then to usual via with written"
)
_FILLERS = frozenset(_SMALL_WORDS.split())
"""Words that ask for nothing."""

NO_ADDRESS = "there is no e-mail address and no postal address that can be used"
BY_A_PERSON = "it was asked for in a form that a person has to make"


class ContactRoutes(NamedTuple):
    """How somebody is reached: `routes` are those of a letter, the preferred first."""

    name: str
    email: str
    telephone: str
    address: str
    routes: list[Route]
    why_no_route: str
    wants_text: bool

    @property
    def first(self) -> Route:
        """What a letter leaves by; `none`: only a person can send it."""
        return self.routes[0] if self.routes else "none"


def contact_routes_of(
    case: Case, authority: Authority, recipient: str, former: Contact | None = None
) -> ContactRoutes:
    """How the recipient of a letter is reached now. Staff by the authority's file.

    `former`: the complainant is written to as they were known before.
    """
    person = former or case.opening.complainant
    if recipient == "complainant" and person is not None:
        return _routes_of(person, person.format)
    if recipient == "advocate" and case.state.people.advocate is not None:
        return _routes_of(case.state.people.advocate, "")
    by_role = {str(role): email for role, email in authority.addresses.items()}
    email = by_role.get(recipient) or authority.contact.email
    return ContactRoutes("", usable_email(email), "", "", ["staff"], "", wants_text=False)


def _routes_of(person: Contact | Advocate, form: str) -> ContactRoutes:
    asked, by_a_person = asked_for(form)
    usable: list[Route] = []
    if usable_email(person.email):
        usable.append("email")
    if visible(person.address).strip():
        usable.append("post")
    routes = sorted(usable, key=lambda route: asked.index(route) if route in asked else len(asked))
    return ContactRoutes(
        name=one_line(person.name),
        email=usable_email(person.email),
        telephone=one_line(person.telephone),
        address=visible(person.address).strip(),
        routes=[] if by_a_person else routes,
        why_no_route=BY_A_PERSON if by_a_person else "" if routes else NO_ADDRESS,
        wants_text="text" in asked and bool(person.telephone.strip()),
    )


def asked_for(form: str) -> tuple[list[Route], bool]:
    """The routes that a `format` names, in its order, and whether it asks for more than a route.

    What is no known word (large print, easy read, a language) can only be made by a person: sending
    something else in its place would be no answer to whoever asked.
    """
    text = unicodedata.normalize("NFKC", form).casefold()
    text = text.replace("e-mail", "email").replace("text message", "text")
    words = re.findall(r"\w+", text)
    asked = list(dict.fromkeys(ROUTE_WORDS[word] for word in words if word in ROUTE_WORDS))
    rest = [word for word in words if word not in ROUTE_WORDS and word not in _FILLERS]
    return asked, bool(rest)
