"""How a message finds what it does: by the function that has registered itself for its class."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from redress.domain import actions
from redress.domain.actions.registry import ACTIONS, carries_out
from redress.domain.messages import KNOWN, Acknowledge


def test_each_message_is_carried_out_by_one_function() -> None:
    first = ACTIONS["acknowledge"]
    assert ACTIONS.keys() == KNOWN.keys()
    with pytest.raises(ValueError, match="acknowledge"):
        carries_out(Acknowledge)(lambda *_: first)  # type: ignore[arg-type]  # never called
    assert ACTIONS["acknowledge"] is first


def test_every_module_of_the_folder_is_loaded_without_being_named() -> None:
    assert actions.__file__ is not None
    files = {path.stem for path in Path(actions.__file__).parent.glob("*.py")} - {"__init__"}
    loaded = {name.rpartition(".")[2] for name in sys.modules if name.startswith("redress.domain.actions.")}
    assert loaded == files
