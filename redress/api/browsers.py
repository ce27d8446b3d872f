"""Browsers at the codec: the cookie that holds a session, and forms that come from a page of our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from redress.api.settings import ApiSettings
from redress.security.network import is_this_machine

PLAIN = "redress_codec"
"""The cookie's name over http, where no browser takes a `__Host-` cookie."""

GUARDED = f"__Host-{PLAIN}"
"""Its name over https: a browser takes it from this host alone, by https, for every path (RFC 6265bis)."""


class Browsers:
    """How this API is seen by browsers: by https, through a proxy, or by http on this machine."""

    def __init__(self, settings: ApiSettings) -> None:
        self._scheme = "https" if settings.api_https else "http"
        self._origins = settings.codec_origins
        self._cookie = GUARDED if settings.api_https else PLAIN
        self._is_secure = settings.api_https
        self._path = "/" if settings.api_https else "/codec"

    def session(self, cookies: Mapping[str, str]) -> str | None:
        """The session that a browser holds, if any."""
        return cookies.get(self._cookie)

    def give(self, response: Response, session: str, ends: datetime) -> None:
        """Have a browser keep a session until it ends."""
        response.set_cookie(
            self._cookie,
            session,
            expires=ends,
            path=self._path,
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )

    def take_back(self, response: Response) -> None:
        """Have a browser forget its session."""
        response.delete_cookie(
            self._cookie, path=self._path, secure=self._is_secure, httponly=True, samesite="strict"
        )

    def is_safe(self, request: Request) -> bool:
        """Whether nobody under way reads what a form brings: https, or http on this machine."""
        return self._scheme == "https" or is_this_machine(_host(request))

    def is_own_form(self, request: Request) -> bool:
        """Whether a form was sent from our own page.

        A browser says so with every form, in `Sec-Fetch-Site` or `Origin`; what sends neither is none, and
        has no cookie that another site could use.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site in ("same-origin", "none")
        return origin in (None, f"{self._scheme}://{request.headers.get('host')}")

    def ways_back(self, request: Request) -> list[str]:
        """Where the Temporal UI may be: under the host that the browser has here, if it is there at all.

        A browser sends the cookie to pages of the same site alone.
        """
        near = [origin for origin in self._origins if urlsplit(origin).hostname == _host(request)]
        return near or self._origins


def _host(request: Request) -> str:
    """The host that a browser asked for, without its port."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
