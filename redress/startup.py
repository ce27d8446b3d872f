"""What an operator has to put right before a command or a process can do its work."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

S = TypeVar("S", bound=BaseModel)


class SetupError(ValueError):
    """A setting, file, key or schema cannot be used. Says which, and what would be right; a line each."""


def read_settings(kind: type[S]) -> S:
    """The settings of the environment. Raises `SetupError`, which names each that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        lines = [f"REDRESS_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise SetupError("\n".join(lines)) from None
