"""The shapes of requests: what they may hold, and how much of it.

How much a body may hold altogether is in `api.body_limits`.
"""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    model_validator,
)

from api.documents import ResponseDocument, ValidUnicode
from graph_model.values.keys import LONGEST_PART

MAX_CHANGES: Final = 1_000

#: No database has keys of more columns, or of longer ones.
MOST_KEY_PARTS: Final = 32

#: Of a source, of a person: an identifier, an id.
_Name: TypeAlias = Annotated[str, Field(max_length=1_000), ValidUnicode]


def _key_part(part: Any) -> str | int | float:  # noqa: ANN401 - as pydantic calls it
    if isinstance(part, str) and len(part) > LONGEST_PART:
        raise ValueError(f"has {len(part):,} characters; expected at most {LONGEST_PART:,}")
    if isinstance(part, bool) or not isinstance(part, str | int | float):
        raise ValueError("a text or number is expected")  # noqa: TRY004 - pydantic takes no other error
    return part


#: One fault of a part is one fault, not one for each type that it might have had.
_KeyPart: TypeAlias = Annotated[
    str | int | float,
    PlainValidator(_key_part, json_schema_input_type=Annotated[str, Field(max_length=LONGEST_PART)] | int | float),
]

RequestedKey: TypeAlias = Annotated[
    list[_KeyPart],
    Field(
        max_length=MOST_KEY_PARTS,
        description="values of the source's key columns, in the catalogue's order, numbers as numbers or as text",
        examples=[[1]],
    ),
]


class NamedRecord(ResponseDocument):
    """A row of a source, as a request names it."""

    source: _Name = Field(description="name of the source in the catalogue", examples=["crm"])
    key: RequestedKey


class ContextRequest(ResponseDocument):
    """Who the context is about, and how long it may be. Give `identifier` or `profile_id`."""

    identifier: _Name | None = Field(
        None, description="`kind:value`, in any spelling", examples=["email:ann.lee@example.com"]
    )
    profile_id: _Name | None = Field(None, description="instead of an identifier")
    token_budget: int = Field(
        1_000,
        strict=True,
        ge=1,
        le=1_000_000,
        description="most tokens (o200k_base) that the text may have",
        examples=[500],
    )

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"identifier": "email:ann.lee@example.com", "token_budget": 500}]},
    )

    @model_validator(mode="after")
    def _one_address(self) -> "ContextRequest":
        if (self.identifier is None) == (self.profile_id is None):
            raise ValueError("give either identifier or profile_id")
        return self


def _object(value: Any) -> Any:  # noqa: ANN401 - as pydantic calls it
    if value is None or isinstance(value, dict):
        return value
    raise ValueError("a JSON object is expected")


_Columns: TypeAlias = dict[str, JsonValue] | None

#: Columns of a row. What they hold is checked row by row, since a bad one must not cost the others.
Columns: TypeAlias = Annotated[_Columns, PlainValidator(_object, json_schema_input_type=_Columns)]


class RowChangeDocument(ResponseDocument):
    """One row's new values, or its deletion. Give `row`, or `key` with `deleted`."""

    row: Columns = Field(None, description="the whole row as it is now; columns that are absent are gone")
    key: Columns = Field(None, description="the key columns of a deleted row")
    deleted: bool = Field(False, description="the row is gone")

    @model_validator(mode="after")
    def _row_or_key(self) -> "RowChangeDocument":
        if (self.row is None) == (self.key is None):
            raise ValueError("give either row or key")
        if self.deleted != (self.key is not None):
            raise ValueError("key goes with deleted: true, row without it")
        return self


class ChangesRequest(ResponseDocument):
    """Changes of one source, in the order in which they happened."""

    source: _Name = Field(description="name of the source in the catalogue", examples=["crm"])
    changes: list[RowChangeDocument] = Field(min_length=1, max_length=MAX_CHANGES)

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "source": "crm",
                    "changes": [
                        {
                            "row": {
                                "id": 1,
                                "customer_number": "100-0001",
                                "first_name": "Ann",
                                "last_name": "Lee",
                                "email": "ann.lee@example.com",
                                "phone": "(212) 555-0142",
                                "birth_date": "1984-03-07",
                                "city": "Queens",
                                "postcode": "11101",
                                "updated_at": "2026-11-20T08:30:00Z",
                            }
                        },
                        {"key": {"id": 2}, "deleted": True},
                    ],
                }
            ]
        },
    )
