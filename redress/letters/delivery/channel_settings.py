"""The settings of one channel, looked at before its first letter leaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from redress.settings import Settings

V = TypeVar("V")


class ChannelConfigError(ValueError):
    """The settings of sending cannot be used; a line for each: which, what is wrong, what would be right."""


def checked(is_right: Callable[[V], bool], otherwise: str) -> AfterValidator:
    """A validator of one field: what is told where its value is not right; `{}` in it is the value."""

    def check(value: V) -> V:
        if not is_right(value):
            raise ValueError(otherwise.format(value))
        return value

    return AfterValidator(check)


class ChannelSettings(BaseModel):
    """What a channel takes from the settings; its validators say what would be right."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def taken_from(cls, settings: Settings, prefix: str, **more: Any) -> Self:
        """The fields by their names: `host` is `smtp_host` of the settings, for the prefix `smtp`.

        `more` are fields that are none of the settings under this prefix. Raises `ChannelConfigError`.
        """
        names = (field.alias or name for name, field in cls.model_fields.items())
        own = {name: getattr(settings, f"{prefix}_{name}") for name in names if name not in more}
        try:
            return cls.model_validate(own | more)
        except ValidationError as error:
            lines = []
            for problem in error.errors(include_url=False):
                what = str(problem.get("ctx", {}).get("error", problem["msg"]))
                which = [
                    f"REDRESS_{prefix}_{name}: ".upper() for name in problem["loc"]
                ]  # none: `what` says it
                lines.append("".join([*which, what]))
            raise ChannelConfigError("\n".join(lines)) from None


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, by its name or number alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_uuid(text: str) -> bool:
    """Whether text is a UUID as people write it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
