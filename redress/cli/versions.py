"""`starter.py versions …`: which version of the worker runs complaints."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
from temporalio.client import Client
from temporalio.service import RPCError

from redress.cli.console import MALFORMED, NO_ANSWER, REFUSED, AsJson, fail, print_json, run, settings
from redress.cli.shared import client
from redress.cli.tables import console, table_of
from redress.services.errors import NoAnswer
from redress.temporal import deployments
from redress.temporal.client import UNREACHABLE
from redress.temporal.deployments import Deployment, DeploymentError, NoWorkers

app = typer.Typer(
    help="Which version of the worker runs complaints (Temporal's Worker Versioning).\n\n"
    "The deployment is that of REDRESS_DEPLOYMENT, as its workers have it. An open complaint moves to the "
    "current version at its next step.",
    no_args_is_help=True,
)

BuildId = Annotated[
    str, typer.Argument(help="As REDRESS_BUILD_ID says; 'unversioned' for workers without a version.")
]
Within = Annotated[float, typer.Option(help="Seconds to wait for a worker of that version.", min=1)]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The versions, the newest first, and how many workers each has."""
    _show(deployments.describe, as_json=as_json)


@app.command()
def current(
    build_id: BuildId, within: Within = deployments.WAIT_FOR_WORKERS, as_json: AsJson = False
) -> None:
    """Make a version current, once a worker of it is there. Ends with status 3 where none comes."""
    _show(lambda client, name: deployments.make_current(client, name, build_id, within), as_json=as_json)


@app.command()
def ramp(
    build_id: BuildId,
    percent: Annotated[float, typer.Argument(help="The share of complaints, 0 to 100.", min=0, max=100)],
    within: Within = deployments.WAIT_FOR_WORKERS,
    as_json: AsJson = False,
) -> None:
    """Send a share of the complaints to a version; the rest stay with the current one."""
    _show(lambda client, name: deployments.ramp(client, name, build_id, percent, within), as_json=as_json)


@app.command()
def rollback(within: Within = deployments.WAIT_FOR_WORKERS, as_json: AsJson = False) -> None:
    """End a ramp; without one, go back to the version that was current before. Its workers must be there."""
    _show(lambda client, name: deployments.roll_back(client, name, within), as_json=as_json)


def _show(work: Callable[[Client, str], Coroutine[Any, Any, Deployment]], *, as_json: bool) -> None:
    """Do it, and print how the versions stand afterwards."""
    name = settings().deployment
    if not name:
        fail(MALFORMED, ["REDRESS_DEPLOYMENT: is not set; set it as it is set for the workers"])

    async def asked() -> Deployment:
        try:
            return await work(await client(), name)
        except RPCError as error:
            if error.status in UNREACHABLE:
                raise NoAnswer(f"Temporal did not answer ({error.status.name}: {error.message})") from None
            raise DeploymentError(f"Temporal refused: {error.message}") from None

    try:
        deployment = run(asked)
    except NoWorkers as error:
        fail(NO_ANSWER, [f"no answer: {error}"])
    except DeploymentError as error:
        fail(REFUSED, [str(error)])
    print_json(deployment.model_dump(mode="json")) if as_json else _print(deployment)


def _print(deployment: Deployment) -> None:
    table = table_of("version", "status", "complaints", "workers", "since", whole=0)
    shares = {deployment.current: 100 - deployment.ramp_percentage}
    if deployment.ramping:
        shares[deployment.ramping] = deployment.ramp_percentage
    for each in deployment.versions:
        share = f"{shares[each.build_id]:g} %" if each.build_id in shares else ""
        since = f"{each.created_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(each.build_id, each.status, share, str(each.workers), since)
    if deployment.current == deployments.UNVERSIONED:
        table.add_row(deployment.current, "current", f"{shares[deployment.current]:g} %", "", "")
    console.print(table)
