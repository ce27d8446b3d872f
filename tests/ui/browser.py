"""An operator at the Temporal UI, in a real Chromium: what tests do with its pages."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, quote, unquote, urlsplit

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from redress.contract import workflow_id

WINDOW = 1400
"""Pixels."""

expect.set_options(timeout=60_000)

A_CLICK = 120
"""Milliseconds that somebody holds down the button of the mouse: meanwhile a dialog may move under it."""

LEAVE_BY = "Single JSON payload supported."
"""What docs/operators.md has people click on before *Submit*."""

ROW = "workflows-summary-configurable-table-row"

AT_REST = """addEventListener('DOMContentLoaded', () => {
  const style = document.createElement('style')
  style.textContent = '*, *::before, *::after { animation: none !important; transition: none !important }'
  document.head.append(style)
})"""
"""Nothing moves by itself: without a graphics card each moving sign takes a good part of a core."""

CLICK_ON = """address => {
  const link = document.createElement('a')
  link.href = address
  document.querySelector('#svelte').append(link)
  link.click()
  link.remove()
}"""
"""Follow a link within the UI, as its own are followed: the page is not loaded anew."""


class NoBrowser(RuntimeError):
    """There is no Chromium here; says what to do."""


def chromium() -> str:
    """Where Chromium is. Raises `NoBrowser`."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise NoBrowser("there is no Chromium here: install the package chromium (apt-get install chromium)")
    return found


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Chromium, without a window, that calls nobody by itself."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=quiet)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def at_the_ui(browser: Browser, ui: str) -> AsyncIterator[Operator]:
    """A browser of one's own, as new: nothing is kept in it."""
    context = await browser.new_context(
        viewport={"width": WINDOW, "height": 1000}, timezone_id="Europe/London", locale="en-GB"
    )
    await context.add_init_script(AT_REST)
    try:
        yield Operator(await context.new_page(), context, ui)
    finally:
        await context.close()


class Operator:
    """What somebody at the UI does, and what they then see."""

    def __init__(self, page: Page, context: BrowserContext, ui: str) -> None:
        self.page = page
        self.context = context
        self.ui = ui

    async def goes(self, address: str) -> None:
        """Go to a page of the UI: from within it by a click on a link, where no dialog is open."""
        if self.page.url.startswith(f"{self.ui}/") and not await self.page.locator("dialog[open]").count():
            await self.page.evaluate(CLICK_ON, address)
        else:
            await self.page.goto(address)

    # --- the list --------------------------------------------------------------------------------

    async def follows(self, link: str) -> list[str]:
        """Open a ready list; gives the references it shows, in its order."""
        query = unquote(link.partition("query=")[2])
        async with self.page.expect_response(lambda each: _asks_for(each.url, query)) as answered:
            await self.goes(link)
        document = await (await answered.value).json()
        rows = self.page.get_by_test_id(ROW)
        await expect(self.page.get_by_test_id("workflow-count")).to_be_visible()
        await expect(rows).to_have_count(len(document.get("executions", [])))
        found = [re.search(r"complaint-(\S+)", row) for row in await rows.all_inner_texts()]
        return [each[1] for each in found if each]

    # --- a complaint's page ----------------------------------------------------------------------

    async def opens(self, reference: str) -> None:
        """Open a complaint's page by its address."""
        name = workflow_id(reference)
        await self.goes(f"{self.ui}/namespaces/default/workflows/{quote(name)}")
        named = self.page.locator("main").get_by_text(name, exact=True).first
        await self._shows(expect(named).to_be_visible)
        await expect(self.page.get_by_test_id("timeline-tab")).to_be_visible()

    async def _shows(self, seen: Callable[[], Awaitable[None]]) -> None:
        """Wait until it is seen; where the UI shows its own error page, do once what that page offers.

        The UI finds a complaint through Temporal's list, which follows a moment after it is opened.
        """
        try:
            await seen()
        except AssertionError:
            if not await self.page.get_by_role("button", name="Try a refresh").count():
                raise
            await self.page.reload()
            await seen()

    async def tab(self, name: str) -> None:
        """Go to a tab: `timeline`, `history`, `queries`, `user-metadata`."""
        await self.page.get_by_test_id(f"{name}-tab").click()

    async def reads(self, part: str, until: str = "") -> str:
        """A part of the tab User Metadata: `summary`, `details` or `current-details`.

        The tab shows what it knew before and then what it is answered: `until`, a text in it, is waited for.
        """
        await self.tab("user-metadata")
        shown = self.page.frame_locator(f"#user-metadata-{part}").locator("main")
        await self._shows(lambda: expect(shown).to_contain_text(until or re.compile(r"\S")))
        return re.sub(r"\n\s*\n", "\n", (await shown.inner_text()).strip())

    async def timeline(self, until: str = "") -> list[str]:
        """The labels of the timeline, as it shows them. `until`, the beginning of one, is waited for."""
        await self.tab("timeline")
        labels = self.page.locator("li div.select-none span.text-current")
        await expect(labels.filter(has_text=until or re.compile(r"\S")).first).to_be_visible()
        return await labels.all_inner_texts()

    async def asks(self, query: str, argument: str = "") -> str:
        """Run a query; gives its result as far as the window shows it."""
        await self.tab("queries")
        await self._choose(self.page.locator("main"), "query-select", query)
        if argument:
            await self._types(self.page.get_by_test_id("query-input").get_by_role("textbox"), argument)
        async with self.page.expect_response(re.compile("/query")) as answered:
            await self.page.get_by_role("button", name="Run Query").click()
        await (await answered.value).finished()
        result = self.page.get_by_test_id("query-result").get_by_role("textbox")
        await expect(result).to_have_text(re.compile(r"\S"))
        return await result.inner_text()

    # --- reading what is encrypted ---------------------------------------------------------------

    async def logs_in(self, api: str, token: str) -> None:
        """At the API: the browser keeps a cookie that only the API reads."""
        await self.page.goto(f"{api}/codec/login")
        await self.page.get_by_label("A token with the role codec").fill(token)
        await self.page.get_by_role("button", name="Log in").click()
        await expect(self.page.get_by_text("You are logged in")).to_be_visible()

    async def codec_settings(self, api: str) -> Locator:
        """In the UI: fill in, once for each browser, that the cookie goes along when it asks the API."""
        await self.page.goto(f"{self.ui}/namespaces/default/workflows")
        await self.page.get_by_role("button", name="Codec Server").click()
        dialog = self.page.locator("dialog[open]")
        await dialog.get_by_text("Use my browser setting").click()
        await dialog.get_by_test_id("data-encoder-endpoint-input").fill(f"{api}/codec")
        await dialog.get_by_text("Include cross-origin credentials").click()
        return dialog

    async def sets_the_codec(self, api: str) -> None:
        """The same, applied."""
        dialog = await self.codec_settings(api)
        await dialog.get_by_test_id("confirm-modal-button").click()
        await expect(dialog).to_have_count(0)

    async def closes_dialogs(self) -> None:
        """Whatever dialog is open, and its form, goes: a page that has one is loaded anew."""
        if await self.page.locator("dialog[open]").count():
            await self.page.reload()

    # --- sending ---------------------------------------------------------------------------------

    async def wants_to(self, what: str) -> Locator:
        """Open the dialog `Send an Update` or `Send a Signal`."""
        await self.page.get_by_role("button", name="More Actions").click()
        await self.page.get_by_role("menuitem", name=what).click()
        dialog = self.page.locator("dialog[open]")
        await expect(dialog).to_be_visible()
        return dialog

    async def offered(self, what: str = "update") -> dict[str, str]:
        """The updates, or signals, that the dialog offers, each with what is said about it."""
        dialog = await self.wants_to(f"Send {'an' if what == 'update' else 'a'} {what.title()}")
        await dialog.get_by_test_id(f"{what}-select-button").click()
        return await self._options(dialog)

    async def fills_in(self, action: str, form: object, what: str = "update") -> Locator:
        """Choose an update or signal and put in its form: a document, or text as it is."""
        dialog = await self.wants_to(f"Send {'an' if what == 'update' else 'a'} {what.title()}")
        await self._choose(dialog, f"{what}-select", action)
        text = form if isinstance(form, str) else json.dumps(form, ensure_ascii=False)
        if text:
            await self._types(self.box(dialog), text)
        return dialog

    @staticmethod
    def box(dialog: Locator) -> Locator:
        """The box for a form."""
        return dialog.locator(".cm-content")

    async def leaves_the_box(self, dialog: Locator, beside: str) -> None:
        """Click into something else of the dialog: the box puts its document in order, and grows."""
        await self.clicks(dialog.get_by_text(beside, exact=True))
        await expect(self.box(dialog).locator(".cm-line").first).to_have_text("{")

    async def clicks(self, place: Locator) -> None:
        """Click as a hand does: on the place where it was when the button of the mouse went down."""
        seen = await place.bounding_box()
        assert seen is not None
        await self.page.mouse.click(
            seen["x"] + min(seen["width"], 60) / 2, seen["y"] + seen["height"] / 2, delay=A_CLICK
        )

    async def sends(self, action: str, form: object) -> str:
        """Send an update; gives what the dialog then says, empty where it was taken."""
        dialog = await self.fills_in(action, form)
        if form:
            await self.leaves_the_box(dialog, LEAVE_BY)
        await self.clicks(dialog.get_by_test_id("confirm-modal-button"))
        told = dialog.get_by_role("alert").filter(has_text=re.compile(r"\w"))
        await expect(told.or_(self.page.locator("body:not(:has(dialog[open]))")).first).to_be_visible()
        if not await told.count():
            await expect(self.page.get_by_text("Update successful").first).to_be_visible()
            return ""
        said = await told.first.inner_text()
        await dialog.get_by_test_id("cancel-modal-button").click()
        return said

    async def _options(self, dialog: Locator) -> dict[str, str]:
        options = dialog.get_by_role("option")
        await expect(options.nth(1)).to_be_visible()
        texts = [text.partition("\n") for text in await options.all_inner_texts()]
        return {name.strip(): said.strip() for name, _, said in texts}

    async def _choose(self, within: Locator, select: str, name: str) -> None:
        await within.get_by_test_id(f"{select}-button").click()
        option = within.get_by_role("option").filter(has=self.page.get_by_text(name, exact=True))
        await option.click()

    async def _types(self, box: Locator, text: str) -> None:
        """Fill in a box of JSON. That of a second update still holds the first one's form."""
        await box.click()
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.insert_text(text)
        await expect(box).to_have_text(text)


def _asks_for(address: str, query: str) -> bool:
    """Whether a request is the list's, for what a query finds."""
    asked = urlsplit(address)
    return (
        asked.path.startswith("/api/")
        and asked.path.endswith("/workflows")
        and parse_qs(asked.query).get("query") == [query]
    )
