"""Traces, where OpenTelemetry's own settings name a place for them; they carry ids, never what was said."""

from __future__ import annotations

import os
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from temporalio.client import Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor

ASKED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class WithoutTexts(SpanExporter):
    """Hands spans on without the texts of errors, which could hold what somebody wrote.

    Temporal's own interceptor records each error whole, with those that caused it: a refused message too.
    """

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Of an error its class stays."""
        return self._to.export([_without_texts(span) for span in spans])

    def shutdown(self) -> None:
        """What waits is sent before."""
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._to.force_flush(timeout_millis)


def _without_texts(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[
            Event(event.name, {KIND: str((event.attributes or {}).get(KIND, ""))}, event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


KIND = "exception.type"


def tracing(service: str) -> list[Interceptor]:
    """Interceptors for a client, which its workers take over; none unless a place for traces is set.

    Endpoint, headers, sampling and the rest are OpenTelemetry's standard `OTEL_…` settings.
    """
    if not any(os.environ.get(name) for name in ASKED):
        return []
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(WithoutTexts(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    return [TracingInterceptor()]


def flush() -> None:
    """Send what is still waiting to be sent."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()
