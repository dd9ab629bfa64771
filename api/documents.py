"""The shapes on the wire, as the API's schema describes them.

Profiles are served as the bytes that stores keep; a test checks that real ones fit `ProfileDocument`.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictFloat, StrictInt, StrictStr

_EXAMPLE_ID = "019aa5b1c2d37e4f8a9b0c1d2e3f4a5b"

ProfileId: TypeAlias = Annotated[
    str, Field(description="id of a profile: 32 hexadecimal digits, sortable by time", examples=[_EXAMPLE_ID])
]


def _valid_unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid Unicode") from None
    return text


#: JSON can write half a character, which nothing else can hold.
ValidUnicode = AfterValidator(_valid_unicode)
Undated = Annotated[
    bool,
    Field(
        description="true: the source did not say when, and `observed_at` is only when the row was accepted; left out "
        "where it did"
    ),
]
Timestamp: TypeAlias = Annotated[
    str, Field(description="ISO 8601 in UTC, to the millisecond", examples=["2026-11-20T08:30:00.000Z"])
]
Key: TypeAlias = Annotated[
    list[StrictStr | StrictInt | StrictFloat],
    Field(
        description="values of the source's key columns, in the catalogue's order; a whole number of at most 15 digits "
        "is a number here, everything else text",
        examples=[[1]],
    ),
]


class ResponseDocument(BaseModel):
    """Base of everything on the wire: nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid")


def fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Name the fields that a model has at a place inside it, given as pydantic gives the place of a fault."""
    for step in location:
        if isinstance(step, str):  # a number is the place in a list, whose items the field's annotation names
            annotation: Any = model.model_fields[step].annotation
            while arguments := get_args(annotation):
                annotation = arguments[0]
            model = annotation
    return list(model.model_fields)


class RecordReference(ResponseDocument):
    """A row of a source."""

    source: str = Field(description="name of the source in the catalogue", examples=["crm"])
    key: Key


class Observation(RecordReference):
    """A row that said something, and when."""

    observed_at: Timestamp


class TraitValue(RecordReference):
    """What is known of a person, and which row said it."""

    value: JsonValue = Field(description="typed as the catalogue says", examples=["Ann Lee"])
    observed_at: Timestamp
    further: list[Observation] = Field(
        default_factory=list, description="further rows that the value comes from; left out where there are none"
    )
    undated: Undated = False


class CarriedIdentifier(ResponseDocument):
    """An identifier that the profile's records carry."""

    kind: str = Field(description="its kind in the catalogue", examples=["email"])
    value: str = Field(description="its normalised value", examples=["ann.lee@example.com"])
    records: int = Field(description="how many of this profile's records carry it", examples=[2])
    generic: bool = Field(description="true: too many records carry it for it to be evidence")
    source: str = Field(description="source of the newest record that carries it", examples=["crm"])
    key: Key
    observed_at: Timestamp
    undated: Undated = False


class ValueIssue(ResponseDocument):
    """A value that could not be used; the record is in force without it."""

    column: str
    reason: str


class MemberRecord(RecordReference):
    """A record of the profile."""

    observed_at: Timestamp
    issues: list[ValueIssue]
    incomplete: list[str] = Field(description="columns whose value the source has never sent")
    undated: Undated = False


class RefusedUnion(ResponseDocument):
    """Two records that evidence connects and a constraint keeps apart, or one that contradicts itself."""

    constraint: Literal["values", "trait", "verdict"] = Field(
        description="`values`: more values of an identifier kind than a person may have; `trait`: two values of an "
        "exclusive trait; `verdict`: a steward says that they are two people"
    )
    name: str = Field(description="the identifier kind, the trait, or the id of the verdict", examples=["national_id"])
    records: list[RecordReference] = Field(
        min_length=2, max_length=2, description="twice the same: the record breaks the constraint by itself"
    )
    values: list[str] = Field(
        min_length=2, max_length=2, description="what each record says; both are empty of a verdict"
    )
    refused: str | None = Field(
        description="the strongest evidence that would have joined them: `kind:value`, or `verdict:same`; null of a "
        "single record"
    )


class ProfileDocument(ResponseDocument):
    """A live profile: everything known of one person, with where it comes from."""

    profile_id: ProfileId
    version: int = Field(description="grows by one with every change that a reader can see", examples=[3])
    status: Literal["live"]
    created_at: Timestamp
    updated_at: Timestamp
    traits: dict[str, TraitValue] = Field(description="in the catalogue's order")
    identifiers: list[CarriedIdentifier]
    records: list[MemberRecord]
    conflicts: list[RefusedUnion]
    dropped_evidence: list[str] = Field(
        description="evidence, `kind:value`, that joins nothing here: more than 1 000 records would hang together"
    )


class ProfileList(ResponseDocument):
    """The profiles that carry an identifier; more than one means that it tells nobody apart."""

    profiles: list[ProfileDocument]
    complete: bool = Field(description="false: there are more than are listed")


class RecordsNow(ResponseDocument):
    """Where some records of a former profile are now."""

    profile_id: ProfileId
    records: int = Field(description="how many of the former profile's records", examples=[2])
    share: float = Field(description="the same as a part of all of them, 0 to 1", examples=[0.6667])


class AbsorbedProfile(ResponseDocument):
    """A former profile, and where its records are now."""

    profile_id: ProfileId
    version: int
    status: Literal["absorbed", "deleted"]
    merged_into: ProfileId | None = Field(
        description="the profile that most of its records went to when it ended; null: they were deleted"
    )
    now: list[RecordsNow] = Field(description="most records first")


class Fact(ResponseDocument):
    """A fact of the profile."""

    field: str = Field(description="`traits.NAME` or `identifiers.KIND`", examples=["traits.name"])
    source: str | None = Field(description="the source that said it", examples=["crm"])
    observed_at: Timestamp | None


class FactIncluded(Fact):
    """A line of the text."""

    tokens: int = Field(examples=[21])
    shortened: bool = Field(description="the value was cut")


class FactLeftOut(Fact):
    """A fact that the text does not hold."""

    reason: Literal["budget", "generic", "empty", "repeated", "derived"] = Field(
        description="`budget`: no room; `generic`: too many records share it; `empty`: nothing visible; "
        "`repeated`: a trait says it already; `derived`: put together from traits"
    )


class ContextAnswer(ResponseDocument):
    """A prompt context with the account of what it holds."""

    context_id: str = Field(description="the same for the same profile, version, budget and day")
    profile_id: ProfileId
    version: int = Field(examples=[3])
    text: str = Field(description="Markdown in a fence; goes into a user or tool message")
    tokens: int = Field(description="exact count of `text`", examples=[144])
    token_budget: int = Field(examples=[500])
    encoding: Literal["o200k_base"]
    notice: str = Field(description="goes into the system message: says that the fenced text is data")
    as_of: str = Field(description="the day that ages are counted from", examples=["2026-11-21"])
    included: list[FactIncluded]
    left_out: list[FactLeftOut]


class OutcomeCounts(ResponseDocument):
    """How many changes had which outcome; they add up to the changes sent."""

    applied: int = Field(description="in force now", examples=[2])
    unchanged: int = Field(description="nothing was altered by it", examples=[0])
    stale: int = Field(description="something newer is in force", examples=[0])
    dead: int = Field(description="could not be used; see `rejected`", examples=[0])


class ChangeRejected(ResponseDocument):
    """A change that could not be used."""

    index: int = Field(description="its place in the request, from 0")
    reason: str


class ChangesAnswer(ResponseDocument):
    """What became of the changes."""

    outcomes: OutcomeCounts
    rejected: list[ChangeRejected]


class ProfileUpdate(ResponseDocument):
    """The `data` line of a server-sent event: a CloudEvent in structured JSON."""

    specversion: Literal["1.0"]
    id: str = Field(description="the same for every telling of this version of this profile")
    source: str = Field(description="`/identity-graph/` and the store's id")
    type: str = Field(examples=["identitygraph.profile.merged.v1"])
    subject: ProfileId
    time: Timestamp
    datacontenttype: Literal["application/json"]
    dataschema: str
    traceparent: str | None = None
    data: dict[str, Any] = Field(description="the change, with the whole profile in `profile`")


class Reset(ResponseDocument):
    """The `data` line of a `reset` event: what the cursor points to is no longer kept."""

    reason: str


class Health(ResponseDocument):
    """The process runs, or is ready."""

    status: Literal["ok", "ready"]


class Readiness(Health):
    """Whether the service can answer, and what it still has to do."""

    tasks_owed: int = Field(description="pieces of work that are owed: a table truncated, a catalogue changed")


class FieldProblem(ResponseDocument):
    """What is wrong with one field of a request."""

    field: str = Field(examples=["body.token_budget"])
    problem: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(
        description="names the kind of problem; stable", examples=["urn:identity-graph:problem:not-found"]
    )
    title: str = Field(description="the kind of problem, for people")
    status: int
    detail: str = Field(description="what was found, what was expected, what to do")
    errors: list[FieldProblem] | None = Field(
        None, description="of an invalid request: the fields at fault, the first 20 of them"
    )
    errors_total: int | None = Field(None, description="how many fields are at fault")
