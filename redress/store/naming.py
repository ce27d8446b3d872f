"""What a message is called in the register's tables: a sender may choose the name, even somebody's own."""

from __future__ import annotations

import re

from redress.security.encryption import Cipher, EnvelopeCipher

DRAWN = re.compile(r"(m-[0-9a-f]{32}|content-[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.\d+)?")
"""Ids that the doors, the UI or the `temporal` command draw: they name nobody."""


def kept_id(cipher: Cipher, message_id: str, reference: str) -> str:
    """The id as it stands in a table: one that was drawn as it is, others as a digest by the complaint's key.

    Raises `KeyDestroyed` once the complaint is erased.
    """
    if not isinstance(cipher, EnvelopeCipher) or DRAWN.fullmatch(message_id):
        return message_id
    return f"named-{cipher.digest(message_id, reference)[:32]}"
