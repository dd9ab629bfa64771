"""`identity-graph serve` with a clock that can be moved: `python -m tests.hostile.clocked_server`.

The file `clock` in the working directory says by how many milliseconds the clock is wrong. It is wrapped from outside:
nothing in the product knows of this.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path
from unittest.mock import patch

from api import server
from api.app import create_app
from graph_model.catalogue.document import parse_catalogue
from services.clock import now_milliseconds
from services.settings import Settings

CLOCK = Path("clock")


def wrong_clock() -> int:
    """Milliseconds since 1970, as this machine says them, and the error of this process."""
    return now_milliseconds() + int(CLOCK.read_text() if CLOCK.exists() else 0)


def _tell(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    settings = Settings(port=0)
    catalogue = parse_catalogue(settings.catalogue.read_text(), str(settings.catalogue))
    with patch.object(server, "create_app", partial(create_app, clock=wrong_clock)):
        asyncio.run(server.serve(settings, catalogue, on_listening=_tell))
