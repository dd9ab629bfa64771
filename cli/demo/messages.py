"""How the systems tell of their changes: messages of Debezium as they lie in a topic, JSON lines, CSV."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import orjson

from cli.demo.lives import Happening
from cli.demo.rows import CRM, LOYALTY, NEWSLETTER, WEB_SHOP
from graph_model.values.equality import JsonValue

FILES: Final[Mapping[str, str]] = {
    CRM: "crm.jsonl",
    WEB_SHOP: "web_shop.csv",
    NEWSLETTER: "newsletter.jsonl",
    LOYALTY: "loyalty.csv",
}

#: The columns of the files that have a header line.
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    WEB_SHOP: ("account_id", "email", "name", "phone", "city", "zip", "updated_at", "closed"),
    LOYALTY: ("card", "given_name", "family_name", "birth_date", "phone", "email", "postcode", "revision", "ended_at"),
}

_FIRST_TIME: Final = 1_735_689_600_000  #: 2025-01-01, in milliseconds since 1970
_FIRST_LOG_POSITION: Final = 16_777_216

CATALOGUE: Final = """\
# What the columns of the invented data mean; `identity-graph demo generate` wrote it together with them.
version: 1

identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 40} # families and offices share theirs
  person:
    composite:
      - {trait: last_name, normalise: name}
      - {trait: birth_date, normalise: date}
      - {trait: postcode}
    priority: 60

traits:
  name: text
  first_name: text
  last_name: text
  city: text
  postcode: text
  street: text
  birth_date: {type: date, exclusive: true}
  email: text
  phone: text
  interests: text

sources:
  crm:
    topic: demo.public.customers
    file: "crm*.jsonl"
    format: debezium
    key: [id]
    event_time: {column: updated_at, read: epoch_milliseconds}
    columns:
      first_name: {trait: first_name}
      last_name: {trait: last_name}
      email: {identifier: email, trait: email}
      phone: {identifier: phone, trait: phone}
      born: {trait: birth_date, read: epoch_days}
      street: {trait: street}
      city: {trait: city}
      postcode: {trait: postcode}
  web_shop:
    file: "web_shop*.csv"
    key: [account_id]
    event_time: updated_at
    version: updated_at
    deleted: {column: closed, equals: ["yes"]}
    columns:
      email: {identifier: email, trait: email}
      name: {trait: name}
      phone: {identifier: phone, trait: phone}
      city: {trait: city}
      zip: {trait: postcode}
  newsletter:
    file: "newsletter*.jsonl"
    key: [subscriber]
    event_time: {column: changed, read: epoch_milliseconds}
    version: changed
    deleted: {column: unsubscribed}
    columns:
      email: {identifier: email, trait: email}
      first_name: {trait: first_name}
      interests: {trait: interests}
  loyalty:
    file: "loyalty*.csv"
    key: [card]
    version: revision
    deleted: ended_at
    columns:
      given_name: {trait: first_name}
      family_name: {trait: last_name}
      birth_date: {trait: birth_date, read: {date: "%d.%m.%Y"}}
      phone: {identifier: phone, trait: phone}
      email: {identifier: email, trait: email}
      postcode: {trait: postcode}
"""


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


_csv: Final = csv.writer(_Echo(), lineterminator="\n")


def csv_line(cells: Sequence[object]) -> bytes:
    """One line of CSV."""
    text: str = _csv.writerow(cells)  # it returns what the `write` of its file does
    return text.encode()


def written(
    source: str, key: int, old_key: int | None, columns: Mapping[str, JsonValue], happened: Happening, event: int
) -> tuple[bytes, ...]:
    """The lines by which a system tells of one change.

    Args:
        source: the system.
        key: of the row, after the change.
        old_key: the key before, where it changed.
        columns: what the row says now.
        happened: what happened to it.
        event: number of the change; later ones are newer.
    """
    now, is_deleted = _FIRST_TIME + event * 1_000, happened is Happening.DELETED
    if source == CRM:
        return _debezium(key, old_key, {"id": key, **columns, "updated_at": now}, happened, event)
    if source == NEWSLETTER:
        row = {"subscriber": key, **columns, "changed": now, "unsubscribed": is_deleted}
        return (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE),)
    if source == WEB_SHOP:
        cells = {"account_id": key, **columns, "updated_at": _time(now), "closed": "yes" if is_deleted else "no"}
    else:
        cells = {"card": key, **columns, "revision": event + 1, "ended_at": _time(now) if is_deleted else ""}
    return (csv_line([cells[column] for column in HEADERS[source]]),)


def _debezium(
    key: int, old_key: int | None, row: Mapping[str, JsonValue], happened: Happening, event: int
) -> tuple[bytes, ...]:
    """A deletion and a creation where the key changed, as Debezium tells it; else one message."""
    if old_key is not None:
        return (
            _message(old_key, None, "d", event, {"__debezium.newkey": {"id": key}}),
            _message(key, row, "c", event, {"__debezium.oldkey": {"id": old_key}}),
        )
    if happened is Happening.DELETED:
        return (_message(key, None, "d", event),)
    is_new = happened in (Happening.CREATED, Happening.RETURNED)
    return (_message(key, row, "c" if is_new else "u", event),)


def _message(
    key: int,
    after: Mapping[str, JsonValue] | None,
    operation: str,
    event: int,
    headers: Mapping[str, JsonValue] | None = None,
) -> bytes:
    now = _FIRST_TIME + event * 1_000
    log = {
        "version": "3.4.1.Final",
        "connector": "postgresql",
        "name": "demo",
        "ts_ms": now,
        "snapshot": "false",
        "db": "demo",
        "schema": "public",
        "table": "customers",
        "txId": event + 1,
        "lsn": _FIRST_LOG_POSITION + event * 8,
    }
    before = {"id": key} if after is None else None
    value = {"before": before, "after": after, "source": log, "op": operation, "ts_ms": now + 200}
    message = {"key": {"id": key}, "value": value, "headers": headers or {}}
    return orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
