"""The page that shows a poster and its Mermaid text, as GitHub and other readers of Markdown draw both."""

from __future__ import annotations

import re

from drawing.mermaid import mermaid
from drawing.plan import Plan


def page(plan: Plan, picture: str) -> str:
    """A Markdown page; `picture` is the name of the poster's file beside it."""
    title, council = _plain(plan.title), _plain(plan.council)
    return f"""# {title}

{council}. Drawn from its data by `{plan.command.replace("`", "")}`.
Change the data and draw it again, not this page.

![{title}: the poster]({picture})

## The same as Mermaid text
An arrow is time: solid for a limit, dotted for a target, thick for a window and between stages.

```mermaid
{mermaid(plan)}```
"""


def _plain(text: str) -> str:
    """Text without meaning for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", text)
