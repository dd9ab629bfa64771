"""What a user writes: the shape of a catalogue file, typed by pydantic.

Only the shape is here. What the parts mean to each other is checked in `graph_model.catalogue.checks`; what
the engine uses is `graph_model.catalogue.rules`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from graph_model.catalogue.rules import COMPONENT_LIMIT, FULL_TRUST, MessageFormat
from graph_model.values.identifiers import HIGHEST_PRIORITY
from graph_model.values.normalise import NormaliserName
from graph_model.values.reading import Notation
from graph_model.values.trait_values import TraitType

#: How many records may carry one value of a kind before it is generic, by name.
HOLDER_LIMITS = {"one": 1, "few": 10, "many": 100}


def _read_holders(value: object) -> object:
    if isinstance(value, str) and value in HOLDER_LIMITS:
        return HOLDER_LIMITS[value]
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= COMPONENT_LIMIT:
        return value
    raise PydanticCustomError(
        "holders",
        "one, few, many or a whole number from 1 to {most}, the most records that identifiers join",
        {"most": COMPONENT_LIMIT},
    )


def _short_for(key: str, written: object) -> BeforeValidator:
    """Let what a mapping says with this key alone be written without it; `written` is what editors are told."""
    return BeforeValidator(
        lambda value: value if isinstance(value, Mapping) else {key: value}, json_schema_input_type=written
    )


def _read_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _read_flag(value: object) -> object:
    """A value of a flag as text: `true` and `"true"` are the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _read_day(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
SourceName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_read_list, json_schema_input_type=Text | tuple[Text, ...])]
FlagText = Annotated[Text, BeforeValidator(_read_flag, json_schema_input_type=str | bool | int)]
Flags = Annotated[
    tuple[FlagText, ...],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    WithJsonSchema({"type": "array", "items": {"type": ["string", "boolean", "integer"]}}),
]
Day = Annotated[Text, BeforeValidator(_read_day)]
_NULLS = (
    "texts that stand for no value, beside those named above it and the usual ones (NULL, \\N, NaN, #N/A, (null)); "
    "an empty list: none at all, those included"
)
Holders = Annotated[
    int,
    BeforeValidator(_read_holders),
    WithJsonSchema(
        {"anyOf": [{"enum": list(HOLDER_LIMITS)}, {"type": "integer", "minimum": 1, "maximum": COMPONENT_LIMIT}]}
    ),
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _required(*keys: str) -> ConfigDict:
    """Tell editors that `keys` must be there.

    They have a default all the same: that they are absent is found with the faults of meaning, so that
    everything else in the same mapping is checked too.
    """
    return ConfigDict(json_schema_extra={"required": list(keys)})


class CompositePartForm(_Form):
    """One part of a composite identifier."""

    trait: Text = Field(description="the trait that the part is made of", examples=["family_name"])
    normalise: NormaliserName = Field("exact", description="how the part's value is brought into one form")


class IdentifierForm(_Form):
    """A kind of identifier: a value that tells who a record is about."""

    normalise: NormaliserName | None = Field(
        None, description="how values are brought into one form; left out only of a composite kind"
    )
    region: Text | None = Field(
        None,
        description="two-letter code of the country that phone numbers without `+` belong to",
        examples=["US"],
    )
    holders: Holders = Field(
        10,
        description="how many records may carry one value before it is too common to be evidence: "
        "one = 1, few = 10, many = 100, or a number",
        examples=["few"],
    )
    exclusive: StrictBool = Field(
        False, description="true: a person has only one value of this kind; two values keep records apart"
    )
    values: Annotated[StrictInt, Field(ge=1)] | None = Field(
        None,
        description="how many values of this kind a person has at the most; more keep records apart; "
        "1 is the same as `exclusive: true`",
        examples=[3],
    )
    priority: Annotated[StrictInt, Field(ge=0, le=HIGHEST_PRIORITY)] = Field(
        50, description="rank as evidence; of two kinds the greater joins first", examples=[90]
    )
    blocked: tuple[Text, ...] = Field(
        (), description="values that identify nobody, beside the built-in list", examples=[["000000000"]]
    )
    blocked_patterns: tuple[Text, ...] = Field(
        (),
        description="regular expressions, searched in the value without regard to case, that do the same",
        examples=[["^9{5,}"]],
    )
    allowed: tuple[Text, ...] = Field(
        (),
        description="values that are evidence although a built-in list blocks them; one that ends with @ means that "
        "mailbox of every domain",
        examples=[["info@"]],
    )
    composite: Annotated[tuple[CompositePartForm, ...], Field(min_length=2)] | None = Field(
        None, description="the parts of an identifier that is derived from several traits"
    )


class TraitForm(_Form):
    """Something that is known of a person."""

    type: TraitType = Field(description="what its values are", examples=["date"])
    exclusive: StrictBool = Field(
        False, description="true: a person has only one value of it, ever; two values keep records apart"
    )
    earliest: Day | None = Field(
        None, description="of dates and timestamps: the first day that is believed", examples=["1850-01-01"]
    )
    latest: Day | None = Field(
        None,
        description="of dates and timestamps: the last day that is believed, or `accepted`, the day on which the row "
        "was accepted; a date that is named after birth (born, birth_date, dob) has `accepted` unless this says `any`",
        examples=["accepted"],
    )
    blocked: tuple[FlagText, ...] | None = Field(
        None,
        description="values that stand for none, such as placeholders; of birth dates beside the built-in list, and an "
        "empty list switches that off",
        examples=[["Unknown"]],
    )


class ReadForm(_Form):
    """How a column is written."""

    as_: Notation | None = Field(None, alias="as", description="one of the usual ways", examples=["excel_serial"])
    date: Texts | None = Field(
        None, description="patterns of dates, as in strptime; the first one that fits", examples=["%d/%m/%Y"]
    )
    time: Texts | None = Field(
        None, description="patterns of dates with their time, likewise", examples=["%d.%m.%Y %H:%M"]
    )
    zone: Text | None = Field(
        None,
        description="time zone of times that are written without one; where the column is a date, the day of a point "
        "in time there",
        examples=["Europe/Berlin"],
    )
    decimal: Literal[",", "."] | None = Field(
        None, description="decimal mark of numbers as people write them; the other one parts thousands", examples=[","]
    )


#: A usual way may be written as its name alone.
Read = Annotated[ReadForm, _short_for("as", Notation | ReadForm)]


class RegionForm(_Form):
    """Which country the phone numbers of a row belong to: always the same, or what a column says."""

    code: Text | None = Field(None, description="two-letter code of a country", examples=["DE"])
    column: Text | None = Field(
        None, description="a column of the row with codes or names of countries", examples=["country"]
    )


#: A code may be written alone.
Region = Annotated[RegionForm, _short_for("code", Text | RegionForm)]


class TimeForm(_Form):
    """A column with a time, and how it is written."""

    column: Text = Field(description="the column", examples=["updated_at"])
    read: Read | None = Field(None, description="how it is written, where not as ISO 8601")


class DeletedForm(_Form):
    """The column that says that a row is deleted."""

    column: Text = Field(description="the column", examples=["is_deleted"])
    equals: Flags | None = Field(
        None, description="what it says then; left out: yes, true, 1 or a time", examples=[["true"]]
    )


class ColumnForm(_Form):
    """What a column's values are: an identifier, a trait, or both."""

    identifier: Text | None = Field(None, description="kind of identifier", examples=["email"])
    trait: Text | None = Field(None, description="trait of the person", examples=["email"])
    read: Read | None = Field(None, description="how its values are written", examples=[{"date": "%d/%m/%Y"}])
    separator: Text | None = Field(None, description="what parts several values in one text", examples=[";"])
    region: Region | None = Field(
        None, description="which country phone numbers without `+` belong to", examples=[{"column": "country"}]
    )
    nulls: tuple[str, ...] | None = Field(None, description=_NULLS, examples=[["-"]])


Time = Annotated[TimeForm, _short_for("column", Text | TimeForm)]
Deleted = Annotated[DeletedForm, _short_for("column", Text | DeletedForm)]


class SourceForm(_Form):
    """A table or stream of one system, and what its columns mean."""

    model_config = _required("key", "columns")

    topic: Text | None = Field(
        None, description="Kafka topic that carries its changes", examples=["shop.inventory.customers"]
    )
    topic_pattern: Text | None = Field(
        None, description="regular expression that whole topic names match", examples=[r"shard\d+\.shop\.customers"]
    )
    table: Text | None = Field(
        None, description="`schema.table`, where one topic carries several tables", examples=["public.customers"]
    )
    file: Text | None = Field(
        None, description="name pattern of the files that `ingest` takes for this source", examples=["customers*.csv"]
    )
    format: MessageFormat = Field("rows", description="`debezium`: change envelopes; `rows`: plain rows")
    key: tuple[Text, ...] = Field(
        (),
        json_schema_extra={"minItems": 1},
        description="columns that make up the row's key, in order",
        examples=[["id"]],
    )
    event_time: Time | None = Field(
        None, description="column that says when the row was last changed", examples=["updated_at"]
    )
    version: Time | None = Field(
        None, description="column whose growing value orders a row's versions where there is no log", examples=["rev"]
    )
    deleted: Deleted | None = Field(
        None,
        description="column that says that the row is deleted; `__deleted`, as Debezium writes it, needs no word",
        examples=[{"column": "is_deleted", "equals": ["true"]}],
    )
    region: Region | None = Field(
        None, description="which country its phone numbers without `+` belong to", examples=["DE"]
    )
    nulls: tuple[str, ...] | None = Field(None, description=_NULLS, examples=[["-"]])
    encoding: Text | None = Field(
        None, description="encoding of its files, where their bytes do not tell", examples=["cp1252"]
    )
    epoch: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = Field(1, description="raised when the topic is made anew")
    trust: Annotated[StrictInt, Field(ge=0, le=FULL_TRUST)] = Field(
        FULL_TRUST,
        description="how strong the identifiers of its records are as evidence, in percent; "
        "0: they join nothing, only verdicts do",
    )
    columns: dict[Text, ColumnForm] = Field(
        default_factory=dict,
        json_schema_extra={"minProperties": 1},
        description="the columns that are kept, and what they mean",
        examples=[{"email": {"identifier": "email", "trait": "email"}}],
    )


#: A trait may be written as its type alone.
Trait = Annotated[TraitForm, _short_for("type", TraitType | TraitForm)]


class CatalogueForm(_Form):
    """What the customer data of a company means: kinds of identifiers, traits of people, sources of records."""

    model_config = _required("version", "identifiers", "sources")

    version: Literal[1] = Field(1, description="version of this file format")
    nulls: tuple[str, ...] | None = Field(None, description=_NULLS, examples=[["-"]])
    identifiers: dict[Name, IdentifierForm] = Field(
        default_factory=dict, json_schema_extra={"minProperties": 1}, description="the kinds of identifiers, by name"
    )
    traits: dict[Name, Trait] = Field(
        default_factory=dict, description="what is known of a person, by name, in the order in which readers see it"
    )
    sources: dict[SourceName, SourceForm] = Field(
        default_factory=dict,
        json_schema_extra={"minProperties": 1},
        description="the tables and streams, by name; of two equally new values the one named first here wins",
    )
