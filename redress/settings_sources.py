"""Settings from files: `REDRESS_SMTP_PASSWORD_FILE` names a file that holds `REDRESS_SMTP_PASSWORD`.

So a secret need not lie in the environment, where every process of a container can read it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError
from pydantic_settings import PydanticBaseSettingsSource
from sqlalchemy import make_url


class SettingsFromFiles(PydanticBaseSettingsSource):
    """Each setting from the file that `REDRESS_<NAME>_FILE` names; the line end after it is no part of it.

    Raises `ValidationError` where a file can't be read, or where the setting itself is given as well: one of
    the two would count without a word.
    """

    def __call__(self) -> dict[str, Any]:
        """The settings for which a file is named."""
        return {
            name: self.prepare_field_value(name, field, _content(name, file), self.field_is_complex(field))
            for name, field in self.settings_cls.model_fields.items()
            if (file := os.environ.get(f"{_variable(name)}_FILE"))
        }

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked for: `__call__` gives all at once."""
        raise NotImplementedError


def _content(name: str, file: str) -> str:
    variable = _variable(name)
    if os.environ.get(variable):
        raise _problem(name, f"is given, and {variable}_FILE as well: set one of the two")
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _problem(name, f"cannot be read from {variable}_FILE: {type(error).__name__}") from None


def _variable(name: str) -> str:
    return f"REDRESS_{name.upper()}"


def _problem(field: str, what: str) -> ValidationError:
    details = InitErrorDetails(type=PydanticCustomError("setting_file", what), loc=(field,), input=None)
    return ValidationError.from_exception_data("Settings", [details])


def with_password(url: str, password: SecretStr) -> str:
    """A database's URL with a password that is kept apart from it; one that the URL has wins."""
    secret = password.get_secret_value()
    if not (url and secret):
        return url
    parsed = make_url(url)
    return url if parsed.password else parsed.set(password=secret).render_as_string(hide_password=False)
