"""Follow what changes about customers: one line for each change of a profile.

    make run                                                        # in another terminal
    .venv/bin/python examples/shop/subscribe.py

Without an argument it begins with the oldest event that is kept; with the id of an event, after that one.
"""

import json
import sys

import httpx

SERVICE = "http://127.0.0.1:8080"

after = sys.argv[1] if len(sys.argv) > 1 else "start"
newest: dict[str, int] = {}  # profile id -> version; an event may come twice
with httpx.stream("GET", f"{SERVICE}/v1/profile-updates", params={"after": after}, timeout=None) as stream:  # noqa: S113
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
        print(event["time"], change["change"], change["profile_id"], ", ".join(change["changed_fields"]), flush=True)
