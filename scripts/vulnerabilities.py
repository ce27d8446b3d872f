"""Looks for known vulnerabilities in what the image installs: `make vulnerabilities`.

Asks OSV (osv.dev) about each pin of requirements-runtime.lock, and sends it names and versions, nothing else.
Exit status: 0 none is known; 1 some are, and they stand on standard output; 3 the service is out of reach, so
that nothing was checked.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements-runtime.lock"

OUT_OF_REACH = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "SSLError", "ServiceError")
"""What stands in the tool's own words where the service did not answer."""


def main() -> int:
    """Run the scan; gives the exit status."""
    words = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--require-hashes"]
    words += ["--disable-pip", "--vulnerability-service", "osv", "--progress-spinner", "off"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode and any(each in ran.stderr for each in OUT_OF_REACH):
        print(
            "osv.dev is out of reach: nothing was checked. Run it where the network allows.", file=sys.stderr
        )
        return 3
    print(ran.stdout or ran.stderr, end="")
    return 1 if ran.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
