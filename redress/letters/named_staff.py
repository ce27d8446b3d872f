"""Members of staff whom a matter names: who of them is written to, and under which name that letter is kept.

What somebody says of a member of staff is passed to them (rule 002-2): at their own address where the
authority's directory knows one of that name alone, else by way of their manager.
"""

from __future__ import annotations

from typing import NamedTuple

from redress.domain.case import Case
from redress.domain.contact_details import usable_email
from redress.domain.directory import Directory, DirectoryEntry
from redress.letters.naming import one_line

NAMED = "named_"
"""How recipients begin whom a matter names: their number among its people follows."""


class NamedStaff(NamedTuple):
    """`written_to`: those with an address of their own, by recipient; `others`: the names of the rest."""

    written_to: dict[str, DirectoryEntry]
    others: list[str]


def named_staff(case: Case, directory: Directory) -> NamedStaff:
    """Those whom a matter is about, as the directory knows them now."""
    about = case.opening.about
    found = NamedStaff({}, [])
    for number, name in enumerate(filter(str.strip, about.people if about else []), 1):
        entry = directory.named(name)
        if entry is not None and entry.connection == "employee" and usable_email(entry.email):
            found.written_to[f"{NAMED}{number}"] = entry
        else:
            found.others.append(one_line(name))
    return found
