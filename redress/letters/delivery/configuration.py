"""The channels that the settings name, each looked at before the first letter leaves."""

from __future__ import annotations

from importlib import import_module

from redress.letters.delivery.channel import Build, Channel
from redress.letters.delivery.channel_settings import ChannelConfigError, refuse
from redress.letters.delivery.channels import Channels, by_outbox
from redress.letters.delivery.outbox import FileChannel
from redress.letters.dispatcher import SendLimits
from redress.settings import Settings
from redress.store.outbound import Route

__all__ = ["ChannelConfigError", "build_of", "channels_for", "outbox_only", "send_limits_of"]


def outbox_only(settings: Settings) -> Channels:
    """Everything into the outbox folder, whatever the settings say: for rehearsals, tests and benches."""
    return by_outbox(FileChannel(settings.outbox_folder, settings.outbox_pdf))


def channels_for(settings: Settings) -> Channels:
    """What leaves by what. Raises `ChannelConfigError`."""
    chosen: dict[Route, str] = {
        "email": settings.send_email,
        "post": settings.send_post,
        "staff": settings.send_staff,
        "text": settings.send_text,
    }
    outbox = outbox_only(settings).outbox
    built: dict[str, Channel] = {outbox.name: outbox}
    wrong: list[str] = []
    for name in dict.fromkeys(chosen.values()):
        if name == "nothing" or name in built:
            continue
        try:
            routes = frozenset(route for route, by in chosen.items() if by == name)
            built[name] = build_of(name)(settings, routes)
        except ChannelConfigError as mistake:
            wrong.append(str(mistake))
    refuse(wrong)
    return Channels(outbox, {route: built[name] for route, name in chosen.items() if name in built})


def build_of(name: str) -> Build:
    """What makes the channel of a name: only the modules of channels in use are loaded."""
    build: Build = import_module(f"redress.letters.delivery.{name}").build
    return build


def send_limits_of(settings: Settings) -> SendLimits:
    """How long a letter may take, and how long it is tried."""
    return SendLimits(settings.send_within, settings.send_for_days)
