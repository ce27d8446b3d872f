"""HTTP/1.1 by uvicorn, and a time limit for a request's line and headers, which uvicorn has not."""

from __future__ import annotations

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 10.0
"""Seconds that a request's line and headers may take to come, from the first byte or the connection on."""


class PatientProtocol(H11Protocol):
    """Closes a connection whose next request does not begin in time."""

    _too_late: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A connection is there: its first request is waited for."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Bytes came: they end the waiting where they make a whole request head."""
        super().data_received(data)
        if self._is_busy():
            self._stop_waiting()
        elif self._too_late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._too_late = self.loop.call_later(HEADERS_WITHIN, self._close)

    def _stop_waiting(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _close(self) -> None:
        self._too_late = None
        if not self._is_busy():
            self.transport.close()
