"""Profile events as CloudEvents 1.0, the same attributes whatever carries them."""

from typing import Final

from graph_model.profile.events import ProfileEvent
from graph_model.values.times import iso_time

CONTENT_TYPE: Final = "application/json"
DATA_SCHEMA: Final = "urn:identity-graph:profile-updated:v1"

#: The form of a profile that stands by itself, on `profile-state` and over HTTP.
PROFILE_SCHEMA: Final = "urn:identity-graph:profile:v1"


def event_type(event: ProfileEvent) -> str:
    """The CloudEvents type, for example `identitygraph.profile.merged.v1`."""
    return f"identitygraph.profile.{event.type.value}.v1"


def event_attributes(event: ProfileEvent, store_id: str) -> dict[str, str]:
    """The CloudEvents attributes of an event of the store with this id."""
    attributes = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"/identity-graph/{store_id}",
        "type": event_type(event),
        "subject": event.profile_id,
        "time": iso_time(event.occurred_at),
        "datacontenttype": CONTENT_TYPE,
        "dataschema": DATA_SCHEMA,
    }
    return attributes if event.trace is None else {**attributes, "traceparent": event.trace}
