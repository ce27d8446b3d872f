"""Where a webhook may lead: to other people's public servers, and to private ones that the operator names."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from redress.security.network import Address, Network, is_public, is_within


class NotAllowed(ValueError):
    """A webhook may not lead there; says why."""


class AddressRules(NamedTuple):
    """Beside the public internet: `networks`, private ones that the operator names, by https as well.

    `loopback`: for trials, receivers on this machine, also without https.
    """

    networks: Sequence[Network] = ()
    loopback: bool = False

    def allow(self, address: Address) -> bool:
        """Whether a webhook may lead to an address."""
        inner = getattr(address, "ipv4_mapped", None) or address
        if self.loopback and inner.is_loopback:
            return True
        return is_public(inner) or is_within(inner, self.networks)


def check_url(url: str, rules: AddressRules) -> None:
    """Whether a webhook may have this address. Raises `NotAllowed`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("is no address of the web") from None
    schemes = ("https", "http") if rules.loopback else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise NotAllowed("should begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("holds a name or password: the signature says who sends")
    if parts.fragment:
        raise NotAllowed("holds a fragment (#): leave it out")
    if not url.isascii() or not url.isprintable() or " " in url or port == 0:
        raise NotAllowed("holds a character or a port that no address may have")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    _check(address, parts.scheme, rules)


async def resolve(
    host: str, port: int, scheme: str, rules: AddressRules, threads: Executor | None = None
) -> str:
    """The address that a host's name leads to now, if it may. Raises `NotAllowed`, `OSError`.

    The sender connects to this very address: a name that leads elsewhere a moment later changes nothing.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    infos = await asyncio.get_running_loop().run_in_executor(threads, look_up)
    addresses = [ipaddress.ip_address(each[4][0]) for each in infos]
    if not addresses:
        raise OSError("no address")
    for address in addresses:
        _check(address, scheme, rules)
    return str(addresses[0])


def _check(address: Address, scheme: str, rules: AddressRules) -> None:
    if not rules.allow(address):
        raise NotAllowed("leads to this machine or a private network; REDRESS_WEBHOOK_NETWORKS allows some")
    inner = getattr(address, "ipv4_mapped", None) or address
    if scheme != "https" and not inner.is_loopback:
        raise NotAllowed("should begin with https://")
