"""By what somebody is reached: what they asked for, and which addresses can be used."""

from __future__ import annotations

from itertools import chain
from typing import get_args

import pytest
from pydantic import ValidationError

from redress.domain.contact_details import usable_email
from redress.domain.fields import Contact
from redress.domain.letter_form import asked_for
from redress.letters.delivery.configuration import ChannelConfigError, channels_for
from redress.letters.delivery.contact_routes import NOT_AS_ASKED, _routes_of
from redress.procedures.loader import authority
from redress.settings import Settings
from tests.letters.delivery import notify_service


@pytest.mark.parametrize(
    ("form", "asked", "by_a_person"),
    [
        ("", [], False),
        ("email", ["email"], False),
        ("By e-mail, please", ["email"], False),
        ("post", ["post"], False),
        ("a letter in the post", ["post"], False),
        ("text message", ["text"], False),
        ("SMS", ["text"], False),
        ("text or email", ["text", "email"], False),
        ("no preference", [], False),
        ("no preference, please", [], True),
        *((form, ["post"], True) for form in ("no post please", "no contact by post", "No letters")),
        *((form, ["post"], True) for form in ("not post", "post \N{BALLOT X}", "post?", "NO, post")),
        *((form, ["text"], True) for form in ("no texts", "never text me", "don't text", "SMS: no thanks")),
        ("anything but email", ["email"], True),
        ("post only if urgent", ["post"], True),
        ("email, no post", ["email", "post"], True),
        ("stop emails", ["email"], True),
        ("without post", ["post"], True),
        ("large print", [], True),
        ("large print by post", ["post"], True),
        ("easy read", [], True),
        ("in Polish", [], True),
        ("Braille letters", ["post"], True),
        ("по почте", [], True),
        ("letters by email", ["email"], False),
        ("I would like letters by e-mail only", ["email"], False),
        ("post or email", ["post", "email"], False),
        ("text to my mobile phone", ["text"], False),
        ("text and email", ["text", "email"], False),
        ("in the usual format", [], False),
        ("email and post", ["email", "post"], True),
        *(
            (form, ["post"], True)
            for form in ("letters only to my sister", "post, not at home", "copy by post")
        ),
        *((form, [], True) for form in ("ring me, don't write", "by phone", "phone only", "mobile please")),
        *((form, [], True) for form in ("contact me first", "not at home", "call before you write")),
        ("keine Post", ["post"], True),
        ("pas de courrier", [], True),
        ("email \N{THUMBS UP SIGN}", ["email"], True),
        ("\N{NO ENTRY SIGN}\N{ENVELOPE}", [], True),
        ("no\u200bpost", ["post"], True),
        ("post instead of email", ["post", "email"], True),
        ("email to my phone", ["email"], True),
    ],
)
def test_what_a_format_asks_for(form: str, asked: list[str], by_a_person: bool) -> None:
    assert asked_for(form) == (asked, by_a_person)


def test_whoever_asks_for_a_way_that_cannot_be_is_not_written_to_by_another() -> None:
    both = {"email": "testa@inventata.example", "address": "1 Nowhere Lane\nExampletown\nEX1 1AA"}
    asked = {
        "email only": ["email"],
        "post": ["post"],
        "post or email": ["post", "email"],
        "": ["email", "post"],
    }
    for form, routes in asked.items():
        assert _routes_of(Contact(name="Testa Inventata", role="parent", **both), form).routes == routes
    alone = Contact(name="Testa Inventata", role="parent", email=both["email"])
    found = _routes_of(alone, "by post")
    assert (found.routes, found.why_no_route) == ([], NOT_AS_ASKED)


@pytest.mark.parametrize(
    ("said", "usable"),
    [
        ("testa@inventata.example", "testa@inventata.example"),
        (" testa.o'inventata+x@inventata.example ", "testa.o'inventata+x@inventata.example"),
        ("testa@bücher.example", "testa@xn--bcher-kva.example"),
        ("", ""),
        ("testa", ""),
        ("testa@localhost", ""),
        ("testa@10.0.0.1", ""),
        ("testa@inventata..example", ""),
        ("testa..x@inventata.example", ""),
        ("tësta@inventata.example", ""),
        ("testa@inventata.example, other@else.example", ""),
        ("testa@inventata.example\nBcc: other@else.example", ""),
        ("Testa <testa@inventata.example>", ""),
        ('"a b"@inventata.example', ""),
        (f"{'t' * 65}@inventata.example", ""),
    ],
)
def test_which_addresses_can_be_used(said: str, usable: str) -> None:
    assert usable_email(said) == usable


def test_addresses_of_roles_are_the_authoritys_data() -> None:
    own = authority("family-rights")
    named = type(own).model_validate(
        {**own.model_dump(), "addresses": {"director": "director@council.example"}}
    )
    assert named.addresses == {"director": "director@council.example"}
    for wrong in ("director", "a b@council.example", "Director <d@council.example>"):
        with pytest.raises(ValidationError, match="should be an e-mail address"):
            type(own).model_validate({**own.model_dump(), "addresses": {"director": wrong}})


NOTIFY = {
    "notify_key": notify_service.KEY,
    "notify_email_template": notify_service.EMAIL,
    "notify_text_template": notify_service.SMS,
}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"send_email": "smtp"}, "REDRESS_SMTP_HOST: is missing"),
        (
            {"send_email": "smtp", "smtp_host": "mail.council.example", "smtp_tls": "none"},
            "REDRESS_SMTP_TLS: none is only for a server on this machine",
        ),
        (
            {"send_staff": "smtp", "smtp_host": "m.example", "smtp_ca": "/nowhere.pem"},
            "REDRESS_SMTP_CA: /nowhere.pem",
        ),
        (
            {"send_staff": "smtp", "smtp_host": "m.example", "smtp_user": "u"},
            "REDRESS_SMTP_USER, REDRESS_SMTP_PASSWORD",
        ),
        ({"send_staff": "smtp", "smtp_host": "m.example", "smtp_from": "me"}, "REDRESS_SMTP_FROM: should be"),
        (
            {"send_email": "notify", **NOTIFY, "notify_key": "a-secret"},
            "REDRESS_NOTIFY_KEY: should be an API key",
        ),
        (
            {"send_text": "notify", **NOTIFY, "notify_text_template": "x"},
            "REDRESS_NOTIFY_TEXT_TEMPLATE: should be",
        ),
        ({"send_email": "notify", **NOTIFY, "notify_reply_to": "me"}, "REDRESS_NOTIFY_REPLY_TO: should be"),
        (
            {"send_email": "notify", **NOTIFY, "notify_url": "http://n.example"},
            "REDRESS_NOTIFY_URL: should begin",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_before_anything_is_sent(
    said: dict[str, str], told: str
) -> None:
    with pytest.raises(ChannelConfigError, match=told) as mistake:
        channels_for(Settings.model_validate({"register_url": "", **said}))
    assert "a-secret" not in str(mistake.value)


def test_settings_that_can_be_used_are_taken() -> None:
    said = {"send_email": "notify", "send_post": "notify", "send_text": "notify", "send_staff": "smtp"}
    more = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_user": "u", "smtp_password": "p"}
    channels = channels_for(Settings.model_validate({**said, **more, **NOTIFY}))
    names = {route: channel.name for route, channel in channels.by_route.items()}
    assert names == {"email": "notify", "post": "notify", "staff": "smtp", "text": "notify"}


CHOICES = {
    name: get_args(field.annotation)
    for name, field in Settings.model_fields.items()
    if name in ("send_email", "send_post", "send_staff", "send_text")
}


@pytest.mark.parametrize("name", sorted({*chain(*CHOICES.values())} - {"nothing"}))
def test_every_channel_that_can_be_chosen_is_built_from_the_module_of_its_name(name: str) -> None:
    more = {"smtp_host": "127.0.0.1"}
    chosen = {field: name for field, choices in CHOICES.items() if name in choices}
    channels = channels_for(Settings.model_validate({"register_url": "", **more, **NOTIFY, **chosen}))
    by_route = {str(route): channel for route, channel in channels.by_route.items()}
    for field in chosen:
        channel = by_route[field.removeprefix("send_")]
        assert channel.name == name
        assert type(channel).__module__.rpartition(".")[2] == name


def test_mistakes_in_the_settings_of_several_channels_are_told_together() -> None:
    chosen = {"send_email": "smtp", "send_post": "notify", "send_text": "notify", "smtp_from": "me"}
    with pytest.raises(ChannelConfigError) as caught:
        channels_for(Settings.model_validate({"register_url": "", **chosen}))
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "REDRESS_SMTP_HOST",
        "REDRESS_SMTP_FROM",
        "REDRESS_NOTIFY_KEY",
        "REDRESS_NOTIFY_TEXT_TEMPLATE",
    ]
