"""The OpenAPI document is true: generated requests get documented answers, and no faults."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.core.result import Ok

from redress.domain.messages import MESSAGES
from redress.domain.opening import Opening
from redress.security.access import ROLES
from tests.api.api_process import ApiProcess, access, invented

ACCESS = {name: allowed for name, allowed in access().items() if allowed is not None}

LOOKED_AT = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.ignored_auth,
]

OF_SOME = {"in_clear", "mark", "approver", "approve_by", "approver_name", "version", "remarks"}
"""What only a message that came unencrypted has, and a letter that is a draft."""

EXAMPLES_EACH = int(os.environ.get("REDRESS_EXAMPLES", "5"))
"""Generated requests for each of some fifty operations: within half a minute in all."""


async def described(api: ApiProcess) -> dict[str, Any]:
    document: dict[str, Any] = (await api.http.get("/openapi.json")).json()
    return document


def operations_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for path in document["paths"].values() for each in path.values()]


def check_against(document: dict[str, Any], schema: str, value: object) -> None:
    """Whether a value is as a schema of the document says."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema_rs.validator_for(whole).validate(value)


async def test_every_operation_is_described(api: ApiProcess) -> None:
    document = await described(api)
    operations = operations_of(document)
    assert {each["operationId"] for each in operations} == ACCESS.keys() | {"healthz", "readyz"}
    for each in operations:
        name = each["operationId"]
        assert each["summary"], name
        assert each["description"], name
        assert each["tags"], name
        for status, answer in each["responses"].items():
            assert answer["description"], (name, status)
            if int(status) >= 400:
                assert answer["content"].keys() == {"application/problem+json"}, (name, status)
        if name in ACCESS:
            assert each["x-roles"] == sorted(ACCESS[name])
            assert {"401", "403", "422", "429", "500", "503"} <= each["responses"].keys(), name
            assert each["security"]
    assert set(ROLES) <= set(re.findall(r"`(\w+)`", document["info"]["description"]))


async def test_the_examples_are_what_the_api_takes(api: ApiProcess) -> None:
    staff = api.headers("staff", "complaints_manager")
    opened = await api.http.post("/v1/complaints", json=Opening.example(), headers=staff)
    assert opened.status_code in (200, 201), opened.text
    reference = await api.open(staff, points=["One.", "Two."])
    for action in MESSAGES:
        example = MESSAGES[action].example()
        answer = await api.send(staff, reference, action.replace("_", "-"), **example)
        assert answer.status_code in (200, 202, 409, 422), (action, answer.text)
        if answer.status_code == 422:  # only where an invented date lies elsewhere than today
            others = ("link", "unlink", "withhold")  # they name a complaint or document that is not there
            assert action in (*others, "correct", "complete_remedy", "schedule_panel", "suspend"), answer.text

    # What such a complaint's status holds is what the document says that it holds, and its examples are such.
    document = await described(api)
    other = await api.open(staff)
    for action in ("acknowledge", "respond", "escalate", "appoint"):
        assert (await api.send(staff, other, action, **MESSAGES[action].example())).is_success
    for each in (reference, other):
        status = (await api.http.get(f"/v1/complaints/{each}", headers=staff)).json()
        check_against(document, "Status", status)
        forms = document["components"]["schemas"]
        assert status.keys() <= forms["Status"]["properties"].keys()
    for name, form in {
        "messages": "MessageRecord",
        "remedies": "RemedyStatus",
        "letters": "LetterStatus",
    }.items():
        always = forms[form]["properties"].keys() - OF_SOME
        assert any(always <= one.keys() for one in status[name]), name
    for operation in operations_of(document):
        for answer in operation["responses"].values():
            content = answer.get("content", {}).get("application/json", {})
            if "example" in content:
                check_against(document, content["schema"]["$ref"].rpartition("/")[2], content["example"])


async def test_every_field_is_explained(api: ApiProcess) -> None:
    document = await described(api)
    schemas = document["components"]["schemas"]
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, said in schema.get("properties", {}).items()
        if not said.get("description")
    ]
    assert silent == []
    notice = document["webhooks"]["notice"]["post"]
    (example,) = notice["requestBody"]["content"]["application/json"]["examples"].values()
    check_against(document, "Notice", example["value"])
    assert "Successful Response" not in json.dumps(document)


@pytest.mark.parametrize("path", ["/v1/complaints?due_befor=2026-12-04", "/v1/due?limit=5&limit=6"])
async def test_a_misspelt_parameter_is_not_passed_over(
    api: ApiProcess, staff: dict[str, str], path: str
) -> None:
    answer = await api.http.get(path, headers=staff)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] in ("due_befor", "limit")


async def test_the_page_for_people_shows_it_all_without_anybody_elses_script(api: ApiProcess) -> None:
    page = await api.http.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="https?:', page.text)
    for operation in ACCESS:
        assert f'id="{operation}"' in page.text
    assert "`" not in re.sub(r"<pre>.*?</pre>", "", page.text, flags=re.DOTALL)
    assert "**" not in page.text
    document = await described(api)
    for name in ("open_complaint", "send_respond"):
        (shown,) = re.findall(rf'<details id="{name}">.*?</details>', page.text, re.DOTALL)
        (body,) = [one["requestBody"] for one in operations_of(document) if one["operationId"] == name]
        form = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for field, said in document["components"]["schemas"][form]["properties"].items():
            assert f"<td><code>{field}</code>" in shown, field
            assert html.escape(said["description"].partition("`")[0].strip()[:30], quote=False) in shown


# --- generated requests ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def known(api: ApiProcess) -> dict[str, str]:
    """Things that are there, so that not all that is generated ends in a 404."""
    manager = api.headers("staff", "complaints_manager")
    hook = await api.http.post("/v1/webhooks", json={"url": "https://invented.example/"}, headers=manager)
    return {"reference": await api.open(manager), "webhook": hook.json()["id"]}


async def test_generated_requests_get_documented_answers(api: ApiProcess, known: dict[str, str]) -> None:
    """Valid and invalid ones: no 5xx, no undocumented status, header or body, no stray method or caller."""
    document = await described(api)
    headers = api.headers(*ROLES)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.base_url = api.url
    tried: list[str] = []

    def attack() -> None:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()

            @given(case=operation.as_strategy(), real=st.booleans())
            @settings(
                max_examples=EXAMPLES_EACH,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def one(case: schemathesis.Case[Any], real: bool) -> None:
                if real:  # a thing that is there
                    case.path_parameters.update(
                        {name: known[name] for name in case.path_parameters if name in known}
                    )
                if case.method == "DELETE":
                    case.path_parameters.update({"webhook": "wh_" + "0" * 24})
                if isinstance(case.query, dict) and "wait" in case.query:
                    case.query["wait"] = 0
                tried.append(f"{case.method} {case.path}")
                case.call_and_validate(headers=headers, checks=LOOKED_AT, timeout=60)

            one()

    await asyncio.to_thread(attack)
    assert len(set(tried)) == sum(len(path) for path in document["paths"].values())
    assert len(tried) >= 3 * len(set(tried))
    assert "fault at" not in api.log()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


async def test_whatever_is_put_into_an_opening_is_no_fault(api: ApiProcess) -> None:
    headers = api.headers("intake", "complaints_manager")
    fields = st.sampled_from([*invented(), "messages", "about", "advocate", "procedure", "\ud800", ""])
    bodies: list[dict[str, Any]] = []

    @given(st.dictionaries(fields, JSON, max_size=3))
    @settings(max_examples=60, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def gather(odd: dict[str, Any]) -> None:
        bodies.append(invented() | odd)

    gather()
    for body in bodies:
        content = json.dumps(body).encode()
        json_ = headers | {"Content-Type": "application/json"}
        answer = await api.http.post("/v1/complaints", content=content, headers=json_)
        assert answer.status_code in (200, 201, 202, 403, 422), (body, answer.text)
    assert "fault at" not in api.log()
