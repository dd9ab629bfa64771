"""Follow what changes about customers: one line for each change of a profile.

    make run                                                        # in another terminal
    .venv/bin/python examples/shop/subscribe.py

Without an argument it begins with the oldest event that is kept; with the id of an event, after that one.
IDENTITY_GRAPH_URL names a service at another address.
"""

import json
import os
import sys

import httpx

SERVICE = os.environ.get("IDENTITY_GRAPH_URL", "http://127.0.0.1:8080").rstrip("/")


def follow(after: str) -> None:
    """Print the changes after a place in the stream, until the service ends it."""
    newest: dict[str, int] = {}  # profile id -> version; an event may come twice
    place = {"after": after}
    with httpx.stream("GET", f"{SERVICE}/v1/profile-updates", params=place, timeout=None) as stream:  # noqa: S113
        stream.raise_for_status()
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            if "data" not in event:  # a reset: events were missed, so read anew whatever you keep of the profiles
                print(event["reason"])
                continue
            change = event["data"]
            if change["version"] <= newest.get(change["profile_id"], 0):
                continue
            newest[change["profile_id"]] = change["version"]
            changed = ", ".join(change["changed_fields"])
            print(event["time"], change["change"], change["profile_id"], changed, flush=True)


try:
    follow(sys.argv[1] if len(sys.argv) > 1 else "start")
except httpx.TransportError as error:
    sys.exit(f"nothing answers at {SERVICE} ({error}); start it with `make run`, or set IDENTITY_GRAPH_URL")
