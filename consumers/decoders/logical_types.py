"""Exact conversion of the logical types that a Connect schema names.

In JSON a date is a number of days, a decimal is base64; only the schema tells. What a value means is read
from it, never guessed; a value that does not fit its type stays as it is, and becomes an issue of its record.
Types: https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-data-types
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from graph_model.values.equality import JsonValue

#: PostgreSQL's greatest scale of a numeric; a greater one would only serve to fill memory.
_MAX_SCALE: Final = 16_383
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_DAY_SECONDS: Final = 86_400

_VARIABLE_SCALE: Final = "io.debezium.data.VariableScaleDecimal"
_WITH_SCALE: Final = frozenset({"scale", "value"})

Fields: TypeAlias = Mapping[str, JsonValue]
Convert: TypeAlias = Callable[[JsonValue, Fields], JsonValue]


def convert_row(row: Fields, schema: Fields | None) -> Fields:
    """Convert the fields of a struct whose schema names a logical type; the others stay as they are.

    Dates become ISO 8601 dates, points in time ISO 8601 text in UTC with all digits of the source, decimals
    plain decimal text.
    """
    fields = None if schema is None else schema.get("fields")
    if not isinstance(fields, list):
        return row
    converted = dict(row)
    for field in fields:
        column = field.get("field") if isinstance(field, Mapping) else None
        if isinstance(column, str) and column in row:
            converted[column] = convert_value(row[column], field)
    return converted


def convert_value(value: JsonValue, schema: Fields | None) -> JsonValue:
    """Convert a single value whose schema names a logical type, as `convert_row` does those of a struct."""
    name = None if schema is None else schema.get("name")
    convert = _CONVERSIONS.get(name) if isinstance(name, str) else None
    if convert is None or schema is None or value is None:
        return value
    parameters = schema.get("parameters")
    try:
        return convert(value, parameters if isinstance(parameters, Mapping) else {})
    except (ValueError, OverflowError, TypeError, KeyError):
        return value


def plain_decimals(row: Fields) -> Fields:
    """Convert what shows without a schema to be a decimal: a struct of a scale and the unscaled number in base64.

    Debezium writes them for numbers of any scale (`numeric` of PostgreSQL, `NUMBER` of Oracle), and no other value of a
    column like this. Of decimals of a fixed scale the schema alone tells; they stay as they are.
    """
    found = {column: _variable_scale(value) for column, value in row.items() if _has_scale(value)}
    return {**row, **found} if found else row


def _has_scale(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.keys() == _WITH_SCALE


def _variable_scale(value: JsonValue) -> JsonValue:
    return convert_value(value, {"name": _VARIABLE_SCALE})


def _date(value: JsonValue, _: Fields) -> JsonValue:
    return (date(1970, 1, 1) + timedelta(days=_integer(value))).isoformat()


def _instant(value: JsonValue, _: Fields, *, digits: int) -> JsonValue:
    seconds, fraction = divmod(_integer(value), 10**digits)
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}.{fraction:0{digits}}Z"


def _time_of_day(value: JsonValue, _: Fields, *, digits: int) -> JsonValue:
    seconds, fraction = divmod(_integer(value), 10**digits)
    if not 0 <= seconds <= _DAY_SECONDS:
        raise ValueError("not a time of day")
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:0{digits}}"


def _decimal(value: JsonValue, parameters: Fields) -> JsonValue:
    return _decimal_text(value, int(str(parameters["scale"])))


def _variable_scale_decimal(value: JsonValue, _: Fields) -> JsonValue:
    if not isinstance(value, Mapping):
        raise TypeError("not a struct")
    return _decimal_text(value["value"], _integer(value["scale"]))


def _decimal_text(value: JsonValue, scale: int) -> str:
    """The unscaled big-endian two's complement number in `value`, divided by ten to the power of `scale`."""
    if not isinstance(value, str) or abs(scale) > _MAX_SCALE:
        raise TypeError("not a base64 number with a usable scale")
    try:
        unscaled = int.from_bytes(base64.b64decode(value, validate=True), "big", signed=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    digits = tuple(int(digit) for digit in str(abs(unscaled)))
    return format(Decimal((int(unscaled < 0), digits, -scale)), "f")


def _integer(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not an integer")
    return value


_CONVERSIONS: Final[Mapping[str, Convert]] = {
    "io.debezium.time.Date": _date,
    "io.debezium.time.Timestamp": partial(_instant, digits=3),
    "io.debezium.time.MicroTimestamp": partial(_instant, digits=6),
    "io.debezium.time.NanoTimestamp": partial(_instant, digits=9),
    "io.debezium.time.Time": partial(_time_of_day, digits=3),
    "io.debezium.time.MicroTime": partial(_time_of_day, digits=6),
    "io.debezium.time.NanoTime": partial(_time_of_day, digits=9),
    _VARIABLE_SCALE: _variable_scale_decimal,
    "org.apache.kafka.connect.data.Date": _date,
    "org.apache.kafka.connect.data.Timestamp": partial(_instant, digits=3),
    "org.apache.kafka.connect.data.Time": partial(_time_of_day, digits=3),
    "org.apache.kafka.connect.data.Decimal": _decimal,
}
