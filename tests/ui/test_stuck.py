"""A complaint whose tasks fail is found by its list. The last of these tests: the server takes its time."""

from __future__ import annotations

import asyncio

from redress.procedures.loader import authority_names
from redress.services.clock import today
from redress.services.links import STUCK, list_url, ready_lists
from tests.ui.browser import Operator
from tests.ui.conftest import STUCK_REFERENCE, Place


async def test_what_is_stuck_is_found(operator: Operator, place: Place) -> None:
    query = next(each.query for each in ready_lists(today(), authority_names()) if each.name == STUCK)
    while not (await place.client.count_workflows(query)).count:
        await asyncio.sleep(0.5)
    assert await operator.follows(list_url(place.ui, "default", query)) == [STUCK_REFERENCE]
