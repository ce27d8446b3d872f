"""Other systems are told: signed, each notice once, again after failures, and nothing personal in it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import socket
from ipaddress import ip_network
from pathlib import Path

import pytest

from redress.procedures.bank_holidays import calendar_today
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import add_key, read_keyring
from redress.services.clock import today
from redress.services.webhook_addresses import AddressRules, NotAllowed, check_url, resolve
from redress.store import webhooks
from redress.store.register import Register
from redress.temporal.embedded import free_port
from tests.api.api_process import ApiProcess
from tests.api.deployment import CuttableDeployment
from tests.api.receiver import Receiver, receiving, verified
from tests.api.test_document import check_against
from tests.conftest import Life

Headers = dict[str, str]
CALENDAR = calendar_today()
MARK = "Xylographica Inventata"


async def subscribed(
    api: ApiProcess, headers: Headers, receiver: Receiver, **more: object
) -> tuple[str, str]:
    made = await api.http.post("/v1/webhooks", json={"url": receiver.url, **more}, headers=headers)
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["secret"]


def events(receiver: Receiver, reference: str) -> list[str]:
    """The events told of one complaint, in the order of their notices."""
    numbered = [
        (int(id.rpartition(".")[2].partition("-")[0]), told["type"])
        for id, told in receiver.told().items()
        if told["data"]["reference"] == reference
    ]
    return [event for _, event in sorted(numbered)]


async def test_stages_closings_and_breaches_are_told_once_and_signed(
    api: ApiProcess, manager: Headers, life: Life
) -> None:
    with receiving() as receiver:
        hook, secret = await subscribed(api, manager, receiver, authority="family-rights")
        await life.open(complainant={"name": MARK, "role": "parent"}, points=[f"{MARK} said so."])
        await life.send("acknowledge")
        await life.move_to(CALENDAR.add(life.today, 12))
        await life.send("respond", outcome="not_upheld", summary=f"{MARK} is wrong.")
        await life.send("escalate", reason=f"{MARK} is not content.")
        await life.send("withdraw", reason=f"{MARK} has enough.")
        expected = [
            "complaint.opened",
            "complaint.breached",
            "complaint.stage_changed",
            "complaint.closed",
        ]

        async def all_told() -> bool:
            return sorted(events(receiver, life.reference)) == sorted(expected)

        await api.until(all_told)
        await asyncio.sleep(1.5)  # nothing more comes
        assert await all_told(), "in whichever order they came"
        assert max(receiver.tries.values()) == 1
        assert all(verified(secret, headers, body) for headers, body in receiver.came)
        assert not any(verified(secret, headers, body + b" ") for headers, body in receiver.came)
        assert all(MARK.encode() not in body for _, body in receiver.came)
        document = (await api.http.get("/openapi.json")).json()
        for headers, body in receiver.came:
            check_against(document, "Notice", json.loads(body))
            named = {each["name"] for each in document["webhooks"]["notice"]["post"]["parameters"]}
            assert named <= headers.keys()
        mine = [told for told in receiver.told().values() if told["data"]["reference"] == life.reference]
        breach = next(told["data"]["breach"] for told in mine if told["type"] == "complaint.breached")
        assert breach["deadline"] == "stage_1_response"
        moved = next(told["data"] for told in mine if told["type"] == "complaint.stage_changed")
        assert (moved["stage_before"], moved["stage"]) == ("stage_1", "stage_2")
        closed = next(told["data"] for told in mine if told["type"] == "complaint.closed")
        assert closed["closed_as"] == "withdrawn"
        await api.http.delete(f"/v1/webhooks/{hook}", headers=manager)


async def test_what_fails_is_tried_again_and_a_redirect_is_not_followed(
    api: ApiProcess, manager: Headers, staff: Headers
) -> None:
    with receiving() as receiver:
        receiver.answers = [500, 302, 404]
        hook, secret = await subscribed(api, manager, receiver, events=["complaint.opened"])
        reference = await api.open(staff)

        async def told() -> bool:
            return events(receiver, reference) == ["complaint.opened"]

        await api.until(told)
        (id,) = [id for id, each in receiver.told().items() if each["data"]["reference"] == reference]
        assert id.startswith(f"{hook}.")
        assert sum(receiver.tries.values()) >= 4
        assert verified(secret, *receiver.came[-1])

        # A new secret: for a day the former one signs too.
        renewed = await api.http.post(f"/v1/webhooks/{hook}/secret", headers=manager)
        reference = await api.open(staff)
        await api.until(told)
        headers, body = receiver.came[-1]
        assert verified(secret, headers, body)
        assert verified(renewed.json()["secret"], headers, body)
        assert renewed.json()["secret"] != secret

        ended = await api.http.delete(f"/v1/webhooks/{hook}", headers=manager)
        assert ended.status_code == 204
        assert (await api.http.get(f"/v1/webhooks/{hook}", headers=manager)).status_code == 404


async def test_what_was_given_up_can_be_sent_after_all(
    api: ApiProcess, manager: Headers, staff: Headers, shared_register: Register
) -> None:
    port = free_port()
    with receiving(port) as receiver:
        hook, _ = await subscribed(api, manager, receiver)
    reference = await api.open(staff)

    async def failed_once() -> bool:
        found = (await api.http.get(f"/v1/webhooks/{hook}", headers=manager)).json()
        return (found["waiting"], found["last_answer"]) == (1, "ConnectError")

    await api.until(failed_once)
    with shared_register.writing() as db:  # as if its days were over
        db.exec_driver_sql(f"UPDATE deliveries SET state = 'given_up' WHERE subscription = '{hook}'")
    assert (await api.http.get(f"/v1/webhooks/{hook}", headers=manager)).json()["given_up"] == 1
    with receiving(port) as receiver:
        again = await api.http.post(f"/v1/webhooks/{hook}/retry", headers=manager)
        assert again.json() == {"retried": 1}

        async def told() -> bool:
            return events(receiver, reference) == ["complaint.opened"]

        await api.until(told)
    await api.http.delete(f"/v1/webhooks/{hook}", headers=manager)


async def test_what_is_history_is_not_told(api: ApiProcess, manager: Headers) -> None:
    with receiving() as receiver:
        hook, _ = await subscribed(api, manager, receiver)
        received = CALENDAR.before(today(), 40).isoformat()
        answered = CALENDAR.before(today(), 20).isoformat()
        reference = await api.open(
            manager,
            received_on=received,
            messages=[{"action": "respond", "on": answered, "outcome": "not_upheld"}],
        )

        async def told() -> bool:
            return bool(events(receiver, reference))

        await api.until(told)
        assert (await api.send(manager, reference, "add-note", note="Here.")).status_code == 200
        await asyncio.sleep(1.5)
        assert "complaint.breached" not in events(receiver, reference)
        await api.http.delete(f"/v1/webhooks/{hook}", headers=manager)


# --- faults ------------------------------------------------------------------------------------------


async def test_receivers_that_say_nothing_hold_up_nobody_else(
    api: ApiProcess, manager: Headers, staff: Headers
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, receiving() as receiver:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        new = {"url": url, "authority": "family-rights"}
        made = [await api.http.post("/v1/webhooks", json=new, headers=manager) for _ in range(20)]
        hook, _ = await subscribed(api, manager, receiver)
        for _ in range(2):
            reference = await api.open(staff)

            async def told(reference: str = reference) -> bool:
                return events(receiver, reference) == ["complaint.opened"]

            await api.until(told)
        paths = [f"/v1/webhooks/{each.json()['id']}" for each in made]
        found = [(await api.http.get(path, headers=manager)).json() for path in paths]
        assert all(each["waiting"] >= 2 for each in found)
        assert {each["last_answer"] for each in found} == {""}, "nobody waited until they were given up"
        for path in (*paths, f"/v1/webhooks/{hook}"):
            await api.http.delete(path, headers=manager)


async def test_an_api_that_is_killed_tells_everything_all_the_same(
    deployment: CuttableDeployment, tmp_path: Path
) -> None:
    api = deployment.api
    headers = api.headers("complaints_manager")
    port = free_port()
    with receiving(port) as receiver:
        hook, secret = await subscribed(api, headers, receiver)
        first = [await api.open(headers) for _ in range(5)]
        await api.stop(signal.SIGKILL)
    await api.start()
    second = [await api.open(headers) for _ in range(5)]  # nobody listens
    await api.stop(signal.SIGKILL)
    with receiving(port) as later:
        await api.start()
        for reference in first:
            while not (await api.send(headers, reference, "withdraw")).is_success:
                await asyncio.sleep(0.1)  # it may not be open yet
            if reference == first[2]:
                await api.stop(signal.SIGKILL)
                await api.start()
        both = [receiver, later]

        async def all_told() -> bool:
            opened = {r for r in first + second if any("complaint.opened" in events(b, r) for b in both)}
            closed = {r for r in first if "complaint.closed" in events(later, r)}
            return len(opened) == 10 and len(closed) == 5

        await api.until(all_told, 180)  # what was taken by an API that died comes after its lease
        came = receiver.came + later.came
        told = [(each["type"], each["data"]["reference"]) for b in both for each in b.told().values()]
        distinct = {(headers["webhook-id"], body) for headers, body in came}
        assert len({id for id, _ in distinct}) == len(distinct)  # a delivery says the same each time
        assert len(set(told)) == 15
        assert all(verified(secret, headers, body) for headers, body in came)
    register = Register(deployment.register, deployment.cipher)
    with register.reading() as db:
        kept = db.exec_driver_sql("SELECT secret FROM subscriptions").scalar_one()
        handed = db.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one()
    assert kept.startswith("encrypted:2:keyring/first:")
    assert secret not in kept
    assert handed == 15
    assert (await api.http.delete(f"/v1/webhooks/{hook}", headers=headers)).status_code == 204

    # The keyring turns: what is encrypted with it is encrypted anew.
    ring_file = Path(shutil.copy(deployment.installation.state / "keys.txt", tmp_path))
    add_key(ring_file, "second")
    turned = Register(
        deployment.register, EnvelopeCipher(read_keyring(ring_file), deployment.cipher.key_store)
    )
    assert webhooks.reencrypt(turned) == 1
    with register.reading() as db:
        kept = db.exec_driver_sql("SELECT secret FROM subscriptions").scalar_one()
    assert kept.startswith("encrypted:2:keyring/second:")


# --- where they may lead -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://invented.example/",
        "ftp://invented.example/",
        "https://",
        "https:///x",
        "https://name:word@invented.example/",
        "https://invented.example/#there",
        "https://invented.example:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://10.0.0.1/",
        "https://168.63.129.16/",
        "https://192.88.99.1/",
        "https://100.100.100.200/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[fec0::1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[2001::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[5f00::1]/",
        "https://[ff02::1]/",
        "https://[100::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://invented.example/\r\nHost: other",
    ],
)
def test_a_webhook_leads_to_other_peoples_servers_only(url: str) -> None:
    with pytest.raises(NotAllowed):
        check_url(url, AddressRules())


def test_a_private_network_is_open_where_the_operator_names_it_and_by_https_alone() -> None:
    networks = [ip_network(each) for each in ("10.20.0.0/16", "fd00:20::/32")]
    for url in ("https://10.20.3.4/x", "https://[fd00:20::1]/", "https://[::ffff:10.20.3.4]/"):
        check_url(url, AddressRules(networks))
    for url in ("http://10.20.3.4/x", "https://10.21.0.1/", "https://[fd00:21::1]/", "https://127.0.0.1/"):
        with pytest.raises(NotAllowed):
            check_url(url, AddressRules(networks))
    on_trial = AddressRules(loopback=True)
    check_url("http://127.0.0.1:9/", on_trial)
    for url in ("http://10.20.3.4/", "https://10.20.3.4/", "http://8.8.8.8/"):
        with pytest.raises(NotAllowed):
            check_url(url, on_trial)


def test_a_public_address_is_fine() -> None:
    check_url("https://invented.example/redress?x=1", AddressRules())
    check_url("https://invented.example:8443/", AddressRules())
    check_url("https://[2606:4700::1]/", AddressRules())


async def test_a_name_that_leads_to_this_machine_is_not_followed() -> None:
    with pytest.raises(NotAllowed):
        await resolve("localhost", 443, "https", AddressRules())
    assert re.fullmatch(
        r"127\.0\.0\.1|::1", await resolve("localhost", 443, "http", AddressRules(loopback=True))
    )


async def test_a_malformed_webhook_is_said_field_by_field(api: ApiProcess, manager: Headers) -> None:
    wrong = {"url": "gopher://x.example", "events": ["complaint.sneezed"], "more": 1}
    answer = await api.http.post("/v1/webhooks", json=wrong, headers=manager)
    assert answer.status_code == 422
    assert {"events[0]", "more"} <= {each["field"] for each in answer.json()["errors"]}
    for url in ("gopher://x.example", "ftp://x", "x"):
        answer = await api.http.post("/v1/webhooks", json={"url": url}, headers=manager)
        (error,) = answer.json()["errors"]
        assert error["field"] == "url"
        assert error["problem"].startswith("should begin with https://")
