"""Each fault of each field has a code that a program can hold on to."""

from __future__ import annotations

import json
from typing import Any, get_args

from redress.domain.parsing import ProblemCode
from tests.api.api_process import ApiProcess, invented


async def codes(api: ApiProcess, headers: dict[str, str], path: str, **body: Any) -> set[tuple[str, str]]:
    answer = await api.http.post(path, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    return {(each["field"], each["code"]) for each in answer.json()["errors"]}


async def test_codes_of_an_opening(api: ApiProcess, staff: dict[str, str]) -> None:
    for more, expected in (
        ({"received_on": None}, ("received_on", "not_a_date")),
        ({"received_on": "2099-01-01"}, ("received_on", "in_future")),
        ({"received_on": "1980-01-01"}, ("received_on", "too_early")),
        ({"kind": "moan"}, ("kind", "not_one_of")),
        ({"points": []}, ("points", "too_short")),
        ({"points": "one"}, ("points", "wrong_type")),
        ({"points": ["x" * 8001]}, ("points[0]", "too_long")),
        ({"colour": "red"}, ("colour", "unknown_field")),
        ({"authority": "nowhere"}, ("authority", "not_one_of")),
        ({"complainant": {"email": "robin@invented.example"}}, ("complainant.name", "missing")),
        ({"complainant": {"name": "T", "email": "not an email"}}, ("complainant.email", "not_an_email")),
        ({"complainant": {"name": "T", "telephone": "mum"}}, ("complainant.telephone", "not_a_telephone")),
    ):
        assert expected in await codes(api, staff, "/v1/complaints", **invented(**more)), more


async def test_codes_of_a_message_and_of_parameters(api: ApiProcess, staff: dict[str, str]) -> None:
    reference = await api.open(staff)
    path = f"/v1/complaints/{reference}"
    assert ("on", "in_future") in await codes(api, staff, f"{path}/acknowledge", on="2099-01-01")
    # Judged by the complaint itself, not by the API.
    assert ("on", "too_early") in await codes(api, staff, f"{path}/acknowledge", on="2001-01-01")
    assert ("outcome", "not_one_of") in await codes(api, staff, f"{path}/respond", outcome="lost")
    for query, code in (
        ("colour=red", "unknown_field"),
        ("limit=5&limit=6", "repeated"),
        ("limit=x", "wrong_type"),
    ):
        answer = await api.http.get(f"/v1/complaints?{query}", headers=staff)
        assert [each["code"] for each in answer.json()["errors"]] == [code], answer.text


async def test_the_document_and_the_page_have_every_code(api: ApiProcess) -> None:
    document = (await api.http.get("/openapi.json")).json()
    told = json.dumps(document["components"]["schemas"]["FieldError"])
    with open("docs/api.md", encoding="utf-8") as page:
        explained = page.read()
    for code in get_args(ProblemCode):
        assert f'"{code}"' in told
        assert f"| `{code}` |" in explained
