"""Which complaints a caller reaches, decided before anything of a request is judged against one.

Closed where it is not known: a complaint whose authority nobody can name is reached only by callers who are
limited to none, and one of which nobody knows who brought it by no caller limited to what it brought. A team
manager reaches what the register has as about one of their teams, and nothing beside that.
"""

from __future__ import annotations

from redress.security.access import Role
from redress.security.keyring import KeyDestroyed
from redress.security.tokens import Caller
from redress.services.backends import Backends, Unavailable
from redress.services.clock import today
from redress.services.errors import NoAnswer
from redress.services.querying import NotRunning, live_status
from redress.store.listing import is_of_teams

NAMES_ITSELF_WITHIN = 3.0
"""Seconds that a complaint which the register does not know has to say whose it is."""


async def reaches(backends: Backends, caller: Caller, allowed: frozenset[Role], reference: str) -> bool:
    """Whether a caller reaches a complaint in one of these roles.

    Raises `Unavailable` where the register does not answer and the caller does not reach every complaint.
    """
    if caller.only_teams is not None:
        whose, teams = caller.authority, caller.only_teams
        if whose is None or not teams:
            return False
        return await backends.ask(lambda register: is_of_teams(register, reference, whose, teams))
    if caller.reaches_what_it_brought(allowed):
        arrival = await backends.ask(lambda register: register.arrival(reference))
        if arrival is None or caller.authority not in (None, arrival.authority):
            return False
        return arrival.brought_by == caller.identity
    try:
        authority = await backends.ask(lambda register: register.authority_of(reference))
    except Unavailable:
        if caller.authority is None:
            return True
        raise
    if authority is None:
        return await _names_itself(backends, caller, reference)
    return caller.authority in (None, authority)


async def _names_itself(backends: Backends, caller: Caller, reference: str) -> bool:
    """The same of a complaint that the register does not know: by the authority that it names itself.

    There is one in Temporal after the register was put back from an older backup, or where one was started
    by hand.
    """
    try:
        status = await live_status(backends.temporal(), reference, today(), NAMES_ITSELF_WITHIN)
    except (Unavailable, NotRunning):
        return False
    except (NoAnswer, KeyDestroyed):  # it is there, and does not say whose it is
        return caller.authority is None
    return caller.authority in (None, status.get("authority"))
