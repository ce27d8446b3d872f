"""Makes a Temporal namespace fit for complaints: `python -m redress.temporal.namespace`.

Takes the address and the name of the namespace from Temporal's own settings. What is missing is made,
what is there is left: it may run at every start. With `--managed`, as on Temporal Cloud, the namespace and
its search attributes are made by other means: they are waited for, and the maintenance alone is scheduled.
Exit status: 0 the namespace is ready; 1 it is not, and why stands on standard error.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice import v1 as workflowservice
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import SEARCH_ATTRIBUTES
from redress.exit import leave
from redress.security.encryption import PlaintextCipher
from redress.startup import SetupError
from redress.temporal.client import UNREACHABLE, connect_patiently, quiet_runtime, where
from redress.temporal.schedules import schedule_daily

log = logging.getLogger("redress.namespace")

RETENTION = timedelta(days=3650)
"""How long Temporal keeps the history of a closed complaint, at the least. The register keeps the record."""

READY_WITHIN = 180.0
"""Seconds in all: for the server to answer, and for what was made to be known everywhere in it."""

PASSING = UNREACHABLE | {RPCStatusCode.NOT_FOUND}
"""What a server that is starting answers for a while, also about a namespace that was made a moment ago."""

T = TypeVar("T")


class NamespaceError(RuntimeError):
    """The namespace cannot be made fit; says what stands in the way."""


async def prepare(client: Client, *, is_managed: bool = False) -> list[str]:
    """Make the client's namespace ready; gives a sentence for each thing that was changed, none if none.

    `is_managed`: the namespace and its search attributes are made elsewhere; they are only waited for.

    Raises `NamespaceError` where a search attribute is there with another type, else `RPCError`.
    """
    done = []
    if not is_managed:
        done += await _made_or_kept_long_enough(client)
        done += await _attributes_registered(client)
    await _until_usable(client)
    return done + await _patiently(lambda: schedule_daily(client))


async def _made_or_kept_long_enough(client: Client) -> list[str]:
    service, name = client.workflow_service, client.namespace
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    request = workflowservice.DescribeNamespaceRequest(namespace=name)
    try:
        found = await _patiently(lambda: service.describe_namespace(request), UNREACHABLE)
    except RPCError as unknown:
        if unknown.status != RPCStatusCode.NOT_FOUND:
            raise
        await service.register_namespace(
            workflowservice.RegisterNamespaceRequest(
                namespace=name,
                description="Complaints",
                workflow_execution_retention_period=retention,
            )
        )
        return [f"made the namespace, which keeps closed complaints {RETENTION.days} days"]
    before = found.config.workflow_execution_retention_ttl.ToTimedelta()
    if before >= RETENTION:  # longer was somebody's choice: to shorten it would delete histories
        return []
    config = NamespaceConfig(workflow_execution_retention_ttl=retention)
    try:
        await service.update_namespace(workflowservice.UpdateNamespaceRequest(namespace=name, config=config))
    except RPCError as refused:  # Temporal Cloud keeps no history so long; the register keeps the record
        if refused.status in UNREACHABLE:
            raise
        return [f"Temporal keeps closed complaints {before.days} days, and no longer: {refused.message}"]
    return [f"closed complaints are kept {RETENTION.days} days (before: {before.days})"]


async def _attributes_registered(client: Client) -> list[str]:
    service, name = client.operator_service, client.namespace
    found = await _patiently(
        lambda: service.list_search_attributes(ListSearchAttributesRequest(namespace=name))
    )
    wanted = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in SEARCH_ATTRIBUTES}
    missing = {key: kind for key, kind in wanted.items() if key not in found.custom_attributes}
    for key, kind in wanted.items():
        if key not in missing and found.custom_attributes[key] != kind:
            raise NamespaceError(
                f"the search attribute {key} is there as {_type(found.custom_attributes[key])} and has to be "
                f"{_type(kind)}; Temporal cannot change a type, so remove it or take another namespace"
            )
    if not missing:
        return []
    request = AddSearchAttributesRequest(namespace=name, search_attributes=missing)
    await _patiently(lambda: service.add_search_attributes(request))
    return [f"registered the search attributes {', '.join(missing)}"]


async def _until_usable(client: Client) -> None:
    # The parts of the server learn of new attributes one after the other, and a worker that sets one too
    # early fails its task: end only once each can be asked for. Until then the question is "invalid".
    # The names stand in backticks since some are words of SQL too (Procedure).
    query = " AND ".join(f"`{key.name}` IS NULL" for key in SEARCH_ATTRIBUTES)
    await _patiently(lambda: client.count_workflows(query), PASSING | {RPCStatusCode.INVALID_ARGUMENT})


async def _patiently(call: Callable[[], Awaitable[T]], passing: AbstractSet[RPCStatusCode] = PASSING) -> T:
    told = False
    while True:
        try:
            return await call()
        except RPCError as error:
            if error.status not in passing:
                raise
            if not told:
                log.info("waiting for the server, which answers: %s", error)
                told = True
        await asyncio.sleep(0.5)


def _type(kind: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").title()


async def main() -> int:
    """Wait for the server and prepare the namespace of the settings; gives the exit status."""
    logging.basicConfig(
        level="INFO", stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    quiet_runtime()
    try:
        async with asyncio.timeout(READY_WITHIN):
            client = await connect_patiently(asyncio.Event(), PlaintextCipher())
            assert client is not None  # it is only given up where somebody sets the event
            done = await prepare(client, is_managed="--managed" in sys.argv[1:])
    except TimeoutError:
        log.error("Temporal at %s was not ready within %.0f s", where(), READY_WITHIN)
        return 1
    except (NamespaceError, SetupError, RPCError) as error:
        log.error("the namespace cannot be used: %s", error)
        return 1
    for sentence in done:
        log.info("namespace %s: %s", client.namespace, sentence)
    log.info("namespace %s is ready%s", client.namespace, "" if done else ": nothing was missing")
    return 0


if __name__ == "__main__":
    leave(asyncio.run(main()))
