"""What generators of clients stumble over does not stand in the OpenAPI document; HEAD is answered.

`tests/api/test_generators.py` runs the generators themselves, where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.api_process import ApiProcess

ENUMS = {
    "AppointmentStatus": ("role", "connection"),
    "DifferingStatus": ("state",),
    "FieldError": ("code",),
    "Irregularity": ("action",),
    "Letter": ("state",),
    "LetterStatus": ("state",),
    "LinkStatus": ("how",),
    "ListedComplaint": ("closed_as", "kind", "stage", "state", "waiting_for"),
    "MessageRecord": ("action", "outcome"),
    "Notice": ("type",),
    "NoticeData": ("closed_as", "kind", "stage", "stage_before", "state", "waiting_for"),
    "PendingMessage": ("action",),
    "PointStatus": ("state",),
    "ReadingEntry": ("reader_kind",),
    "Ready": ("status",),
    "UnmatchedRequest": ("action",),
}
"""Texts that have few values."""


def parts(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document with where it stands; examples are data."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            if name not in ("example", "examples", "default"):
                yield from parts(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, f"{place}/{number}")


def is_typed(schema: Any) -> bool:
    return isinstance(schema, dict) and bool(schema.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf"})


async def test_the_document_is_one_that_generators_take(api: ApiProcess) -> None:
    document = (await api.http.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for place, part in parts(document):
        more = part.get("additionalProperties", False)
        assert more is False or is_typed(more), place
        if part.get("type") == "array":
            assert not part.keys() & {"minLength", "maxLength", "pattern"}, place
            assert is_typed(part.get("items")) or place.endswith("messages"), place
        if part.get("type") == "string":
            assert not part.keys() & {"minItems", "maxItems"}, place
        reference = part.get("$ref")
        if isinstance(reference, str):
            name = reference.removeprefix("#/components/schemas/")
            assert schemas[name].get("type") or schemas[name].keys() & {"enum", "anyOf"}, reference
    sent = {tag for hook in document["webhooks"].values() for each in hook.values() for tag in each["tags"]}
    taken = {tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]}
    assert sent.isdisjoint(taken)
    assert sent | taken == {tag["name"] for tag in document["tags"]}
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    ids += [each["operationId"] for hook in document["webhooks"].values() for each in hook.values()]
    assert len({each.replace("_", "").lower() for each in ids}) == len(ids)
    for name, fields in ENUMS.items():
        for field in fields:
            said = schemas[name]["properties"][field]
            assert any(each.keys() & {"enum", "const"} for each in said.get("anyOf", [said])), (name, field)


async def test_what_clients_do_not_call_is_kept_out_of_them(api: ApiProcess) -> None:
    """openapi-generator passes over the types of webhooks: their functions would not compile."""
    document = (await api.http.get("/openapi.json")).json()
    assert all(each["x-internal"] is True for hook in document["webhooks"].values() for each in hook.values())
    assert not any("x-internal" in each for path in document["paths"].values() for each in path.values())


def plain(name: str) -> str:
    """What a name has in common with what every language makes of it."""
    return re.sub("[^a-z0-9]", "", name.lower())


async def test_every_name_is_one_in_every_language(api: ApiProcess) -> None:
    """Names of classes, fields, parameters and values differ by more than case and signs; none is empty."""
    document = (await api.http.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    groups = [[*schemas], [schema["title"] for schema in schemas.values() if "title" in schema]]
    for _, part in parts(document):
        if isinstance(part.get("properties"), dict):
            groups.append([*part["properties"]])
        if isinstance(part.get("parameters"), list):
            groups.append([each["name"] for each in part["parameters"]])
        if isinstance(part.get("enum"), list):
            assert part["type"] == "string", part
            groups.append(part["enum"])
    for names in groups:
        made = [plain(name) for name in names]
        assert all(made), names
        assert not any(name[0].isdigit() for name in made), names
        assert len(set(made)) == len(made), names


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/v1/complaints?limit=1", 200),
        ("/v1/complaints/CYP-1999-000009", 404),
        ("/v1/complaints?colour=red", 422),
        ("/codec/decode", 405),
        ("/nowhere", 404),
    ],
)
async def test_head_is_answered_as_get_without_a_body(
    api: ApiProcess, staff: dict[str, str], path: str, status: int
) -> None:
    answer = await api.http.head(path, headers=staff)
    assert (answer.status_code, answer.content) == (status, b"")
    get = await api.http.get(path, headers=staff)
    assert get.status_code == status
    assert answer.headers["content-type"] == get.headers["content-type"]
    assert (await api.http.head("/v1/complaints")).status_code == 401


async def test_a_path_that_takes_get_says_that_it_takes_head(api: ApiProcess, staff: dict[str, str]) -> None:
    answer = await api.http.put("/v1/complaints", headers=staff)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
