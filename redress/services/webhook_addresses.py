"""Where a webhook may lead: to other people's public servers, never back into the context."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit


class NotAllowed(ValueError):
    """A webhook may not lead there; says why."""


def check_url(url: str, *, loopback: bool) -> None:
    """Whether a webhook may have this address. Raises `NotAllowed`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("is no address of the web") from None
    schemes = ("https", "http") if loopback else ("https",)
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
    _check_address(address, loopback=loopback)


async def resolve(host: str, port: int, *, loopback: bool) -> str:
    """The address that a host's name leads to now, if it may. Raises `NotAllowed`, `OSError`.

    The sender connects to this very address: a name that leads elsewhere a moment later changes nothing.
    """
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(each[4][0]) for each in infos]
    if not addresses:
        raise OSError("no address")
    for address in addresses:
        _check_address(address, loopback=loopback)
    return str(addresses[0])


def _check_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, loopback: bool) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    inner = mapped or address
    is_trial = loopback and (inner.is_loopback or inner.is_private)
    if not is_trial and (not inner.is_global or inner.is_multicast):
        raise NotAllowed("leads to this machine or into a private network")
