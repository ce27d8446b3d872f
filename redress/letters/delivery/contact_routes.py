"""By what route somebody gets letters: what they asked for, and what can be used of what they gave."""

from __future__ import annotations

from typing import NamedTuple

from redress.domain.case import Case
from redress.domain.contact_details import usable_email
from redress.domain.directory import Responsible
from redress.domain.fields import Advocate, Appointee, Contact
from redress.domain.letter_form import asked_for
from redress.letters.naming import one_line
from redress.letters.recipients import is_outside, person_of
from redress.letters.visible import visible
from redress.procedures.authority import Authority
from redress.store.outbound import Route

NO_ADDRESS = "there is no e-mail address and no postal address that can be used"
NOT_REACHED = "neither the appointment nor the directory says how they are reached"
NOT_AS_ASKED = "there is no address for the way in which letters were asked for"
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
    case: Case,
    authority: Authority,
    recipient: str,
    staff: Responsible | None = None,
    former: Contact | None = None,
) -> ContactRoutes:
    """How the recipient of a letter is reached now. Staff by the authority's file, where nobody is named.

    `staff`: who of the directory it goes to. `former`: somebody who complains is written to as they were
    known before.
    """
    person = person_of(case, recipient)
    if isinstance(person, Advocate):
        return _routes_of(person, "")
    person = former or person
    if is_outside(recipient) and person is not None:
        return _routes_of(person, person.format)
    if staff is not None and usable_email(staff.email):
        name, email = one_line(staff.name), usable_email(staff.email)
        return ContactRoutes(name, email, "", "", ["staff"], "", wants_text=False)
    by_role = {str(role): email for role, email in authority.addresses.items()}
    email = by_role.get(recipient) or authority.contact.email
    return ContactRoutes("", usable_email(email), "", "", ["staff"], "", wants_text=False)


def routes_of_appointee(person: Appointee) -> ContactRoutes:
    """How somebody appointed is reached: by e-mail, else by post; neither: only a person can tell them."""
    email, address = usable_email(person.email), visible(person.address).strip()
    known: dict[Route, str] = {"staff": email, "post": address}
    routes = [route for route, where in known.items() if where]
    return ContactRoutes(
        name=one_line(person.name or ""),
        email=email,
        telephone=one_line(person.telephone),
        address=address,
        routes=routes,
        why_no_route="" if routes else NOT_REACHED,
        wants_text=False,
    )


def _routes_of(person: Contact | Advocate, form: str) -> ContactRoutes:
    asked, by_a_person = asked_for(form)
    usable: list[Route] = []
    if usable_email(person.email):
        usable.append("email")
    if visible(person.address).strip():
        usable.append("post")
    wished = [route for route in asked if route in ("email", "post")]
    routes: list[Route] = [route for route in wished if route in usable] if wished else usable
    why_not = NOT_AS_ASKED if usable and wished else NO_ADDRESS
    return ContactRoutes(
        name=one_line(person.name),
        email=usable_email(person.email),
        telephone=one_line(person.telephone),
        address=visible(person.address).strip(),
        routes=[] if by_a_person else routes,
        why_no_route=BY_A_PERSON if by_a_person else "" if routes else why_not,
        wants_text="text" in asked and not by_a_person and bool(person.telephone.strip()),
    )
