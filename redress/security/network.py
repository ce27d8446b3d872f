"""Which addresses are this machine's, which are other people's public servers, and which are neither."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out to anybody (RFC 4291): outside lie NAT64, IPv4-compatible, site-local, multicast."""

_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        "2001::/23",  # the IETF's own, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: it holds an IPv4 address
        "3fff::/20",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # what Azure answers its own machines at
    )
)
"""Special-use ranges (RFC 6890 and its successors) that Python's table counts as global."""


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, by its name or number alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe_address(url: str) -> bool:
    """Whether nobody under way can change what a URL gives: https, or a server on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host)))


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and of no special use."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not is_within(address, _SPECIAL)


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of these networks."""
    return any(address in network for network in networks if network.version == address.version)
