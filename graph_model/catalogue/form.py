"""What a user writes: the shape of a catalogue file, typed by pydantic.

Only the shape is here. What the parts mean to each other is checked in `graph_model.catalogue.checks`; what
the engine uses is `graph_model.catalogue.rules`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from graph_model.catalogue.rules import COMPONENT_LIMIT, FULL_TRUST, MessageFormat
from graph_model.values.identifiers import HIGHEST_PRIORITY
from graph_model.values.normalise import NormaliserName
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


def _read_trait(value: object) -> object:
    return value if isinstance(value, Mapping) else {"type": value}


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
SourceName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
Text = Annotated[str, Field(min_length=1)]
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
    composite: Annotated[tuple[CompositePartForm, ...], Field(min_length=2)] | None = Field(
        None, description="the parts of an identifier that is derived from several traits"
    )


class TraitForm(_Form):
    """Something that is known of a person."""

    type: TraitType = Field(description="what its values are", examples=["date"])
    exclusive: StrictBool = Field(
        False, description="true: a person has only one value of it, ever; two values keep records apart"
    )


class ColumnForm(_Form):
    """What a column's values are: an identifier, a trait, or both."""

    identifier: Text | None = Field(None, description="kind of identifier", examples=["email"])
    trait: Text | None = Field(None, description="trait of the person", examples=["email"])


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
    event_time: Text | None = Field(
        None, description="column that says when the row was last changed", examples=["updated_at"]
    )
    version: Text | None = Field(
        None, description="column whose growing value orders a row's versions where there is no log", examples=["rev"]
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
Trait = Annotated[TraitForm, BeforeValidator(_read_trait, json_schema_input_type=TraitType | TraitForm)]


class CatalogueForm(_Form):
    """What the customer data of a company means: kinds of identifiers, traits of people, sources of records."""

    model_config = _required("version", "identifiers", "sources")

    version: Literal[1] = Field(1, description="version of this file format")
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
