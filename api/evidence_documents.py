"""The shapes of explanations on the wire."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.documents import ProfileId, RecordReference, RecordsNow, ResponseDocument, Timestamp
from api.row_documents import MASKED, Pair, RowComparison

Rule = Annotated[
    str,
    Field(
        description="why, in words",
        examples=["email: joins up to 10 records, priority 90; 3 carry it"],
    ),
]
Status = Annotated[
    Literal["live", "absorbed", "deleted"],
    Field(description="`live`; `absorbed`: its records went to other profiles; `deleted`: they are gone"),
]


class ExplainedVerdict(ResponseDocument):
    """A steward's word about records."""

    verdict_id: str
    judgement: Literal["same", "different"]
    records: list[RecordReference]
    groups: list[list[RecordReference]] = Field(description="those of one person each, as far as they are in view")
    author: str | None = Field(description="null: it was withdrawn a moment ago")
    reason: str | None = Field(description=MASKED)
    given_at: Timestamp | None


class ExplainedConflict(ResponseDocument):
    """What a constraint forbids."""

    constraint: Literal["values", "trait", "verdict"] = Field(
        description="`values`: more values of an identifier kind than a person may have; `trait`: two values of an "
        "exclusive trait; `verdict`: a steward says that they are two people"
    )
    name: str = Field(description="the identifier kind, the trait, or the verdict's id")
    records: Pair
    values: list[str] = Field(min_length=2, max_length=2, description=f"the two values; {MASKED}")
    refused: str | None = Field(
        description="strongest evidence that would have joined them; null: one record by itself"
    )
    explanation: str


class EvidenceStep(ResponseDocument):
    """Two records with the evidence between them."""

    records: Pair
    kind: str | None = Field(description="identifier kind; null: a verdict", examples=["email"])
    value: str | None = Field(description=f"normalised value; {MASKED}", examples=["ann.lee@example.com"])
    verdict: ExplainedVerdict | None
    strength: int | None = Field(
        description="priority of the kind times the lesser trust (0 to 100) of the two sources; null: a verdict, which "
        "is above everything",
        examples=[9000],
    )
    rule: Rule
    refused_by: list[ExplainedConflict] = Field(description="what keeps the two apart all the same; empty: joined")


class SharedValue(ResponseDocument):
    """A value that records have in common."""

    kind: str
    value: str = Field(description=f"normalised value; {MASKED}")
    holders: int = Field(description="how many records carry it; of blocked and unreadable values only those in view")
    obstacle: Literal["generic", "blocked", "unreadable", "dropped", "untrusted", "contradictory"] | None = Field(
        description="why it joins nobody here; null: it is evidence"
    )
    rule: Rule


class SuspiciousLink(ResponseDocument):
    """A value to blame if the profile is two people."""

    kind: str
    value: str = Field(description=f"normalised value; {MASKED}")
    record: RecordReference = Field(description="the record at which the two parts meet")
    parts: list[int] = Field(min_length=2, max_length=2, description="records on either side of it")
    explanation: str


class DoubtfulPair(ResponseDocument):
    """Two records that one identifier joins although their names or birth dates differ."""

    kind: str
    value: str = Field(description=f"normalised value; {MASKED}")
    records: Pair
    parts: list[int] = Field(min_length=2, max_length=2, description="records that would stay with each of the two")
    differing: list[str] = Field(
        description="the traits that differ; `name` also where the two keep their names in different traits"
    )
    explanation: str


class _OfProfile(ResponseDocument):
    """Which profile it is, and, of a former one, where its records are now."""

    profile_id: ProfileId
    version: int
    status: Status
    merged_into: ProfileId | None = Field(description="of an absorbed profile: where most of its records went then")
    now: list[RecordsNow] = Field(description="of a former profile: where its records are now; empty: they are gone")


class ProfileExplanation(_OfProfile):
    """Why the records of a profile are one person."""

    records: list[RecordReference]
    steps: list[EvidenceStep] = Field(description="the fewest by which the records hang together, strongest first")
    unused: list[SharedValue] = Field(description="values that join nobody, and why")
    conflicts: list[ExplainedConflict] = Field(description="what keeps other records apart from these")
    suspicious: list[SuspiciousLink] = Field(description="values by which alone two large parts hang together")
    doubtful: list[DoubtfulPair] = Field(
        description="records that a single value joins although their names or birth dates differ"
    )
    comparison: RowComparison = Field(description="its rows side by side; without any of a former profile")


class RecordStanding(RecordReference):
    """A record, and where it is now."""

    profile_id: ProfileId | None = Field(description="its profile; of a deleted record the last one")
    deleted_at: Timestamp | None = Field(description="null: it is there")


class PairExplanation(ResponseDocument):
    """Why two records are one person, or why they are not."""

    relation: Literal["joined", "kept_apart", "unconnected", "deleted"] = Field(
        description="`joined`: one person; `kept_apart`: evidence connects them, and a constraint forbids it; "
        "`unconnected`: no usable evidence connects them; `deleted`: at least one is no longer there"
    )
    explanation: str
    records: list[RecordStanding] = Field(min_length=2, max_length=2)
    steps: list[EvidenceStep] = Field(
        description="the way from one to the other; of records that are kept apart, with what refused a step"
    )
    shared: list[SharedValue] = Field(description="what both have, and whether it is evidence")
    conflicts: list[ExplainedConflict] = Field(description="what keeps the two profiles apart")
    verdicts: list[ExplainedVerdict] = Field(description="those in force between the two, or their profiles")
    comparison: RowComparison = Field(description="the two rows side by side")


class HistoryCause(RecordReference):
    """A change that led to a step."""

    epoch: int
    offset: int | str = Field(
        description="position of the change in the log of its epoch; text where 64 bits do not hold it"
    )
    verdict: ExplainedVerdict | None = Field(
        description="the verdict that was given or withdrawn; null: the row changed"
    )
    withdrawn: bool = Field(description="true: the verdict was taken back")


class HistoryStep(ResponseDocument):
    """A change of which ids a profile's records have."""

    version: int = Field(description="of the profile, with this step")
    change: Literal["created", "updated", "merged", "split", "deleted"] = Field(
        description="what happened to this profile, as in the event of this version; `created` here: split off from "
        "another one, or come back; `updated`: others were merged into it"
    )
    explanation: str
    occurred_at: Timestamp
    ids_before: list[ProfileId] = Field(description="the profiles that its records belonged to before")
    ids_after: list[ProfileId] = Field(description="the profiles that they belong to afterwards")
    merged_into: ProfileId | None
    causes: list[HistoryCause]
    causes_total: int = Field(description="how many causes there were; only the first are listed")


class ProfileHistory(_OfProfile):
    """How a profile came to be, and what became of it."""

    created_at: Timestamp
    steps: list[HistoryStep] = Field(description="oldest first")


class EvidenceGraph(ResponseDocument):
    """Records and what connects them, as networkx's node-link data."""

    directed: bool
    multigraph: bool
    graph: dict[str, Any]
    nodes: list[dict[str, Any]] = Field(
        description="`type` is `record`, `identifier` or `verdict`; identifiers have `kind`, `value`, `priority`, "
        "`holders`, and for each reason that keeps them from joining a truth value"
    )
    edges: list[dict[str, Any]] = Field(description="`source`, `target`, `strength`, and whether it `joins`")
