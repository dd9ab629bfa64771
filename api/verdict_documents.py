"""The shapes of verdicts on the wire."""

from typing import Annotated, Literal

from pydantic import ConfigDict, FailFast, Field

from api.documents import ProfileId, RecordReference, ResponseDocument, Timestamp, ValidUnicode
from api.request_documents import NamedRecord
from api.row_documents import RowComparison

Author = Annotated[
    str,
    Field(min_length=1, max_length=200, description="who decides", examples=["kim@example.com"]),
    ValidUnicode,
]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=2_000, description="why", examples=["called: two sisters"]),
    ValidUnicode,
]


class VerdictRequest(ResponseDocument):
    """A steward's word about two records."""

    judgement: Literal["same", "different"] = Field(
        description="`same`: one person, whatever speaks against it; `different`: two, whatever joins them"
    )
    records: list[NamedRecord] = Field(min_length=2, max_length=2, description="the two records")
    reason: Reason
    author: Author

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "judgement": "different",
                    "records": [{"source": "crm", "key": [1]}, {"source": "web_shop", "key": [50001]}],
                    "reason": "father and son",
                    "author": "kim@example.com",
                }
            ]
        },
    )


class VerdictDocument(ResponseDocument):
    """A verdict and its story."""

    verdict_id: str = Field(description="id of the verdict: 32 hexadecimal digits, sortable by time")
    judgement: Literal["same", "different"]
    records: list[RecordReference] = Field(description="all records that it is about")
    groups: list[list[RecordReference]] = Field(
        description="kept apart from each other; a group whose rows have all got other keys is empty"
    )
    together: bool = Field(description="whether it also joins the records of each group")
    reason: str
    author: str
    given_at: Timestamp
    withdrawn_by: str | None = Field(description="null: in force")
    withdrawn_at: Timestamp | None


class ResultingProfile(ResponseDocument):
    """A profile with its records."""

    profile_id: ProfileId
    records: list[RecordReference] = Field(description="the first ten of them")
    records_total: int


class Consequences(ResponseDocument):
    """What a decision has led to."""

    explanation: str = Field(examples=["1 profile became 2"])
    profiles_before: list[ResultingProfile] = Field(description="those that the records of the verdict were in")
    profiles: list[ResultingProfile] = Field(
        description="those that all records of these are in now, the greatest first; a profile that was not there "
        "before is new"
    )
    comparison: RowComparison = Field(description="the records of the verdict side by side")


class VerdictAnswer(Consequences, VerdictDocument):
    """A verdict, its story, and what it has led to."""


class VerdictList(ResponseDocument):
    """A page of the ledger."""

    verdicts: list[VerdictDocument] = Field(description="oldest first")
    complete: bool = Field(description="false: there are more; ask again with `after`")


class SplitRequest(ResponseDocument):
    """A profile is several people."""

    groups: list[Annotated[list[NamedRecord], FailFast()]] = Field(
        max_length=1_000, description="every record of the profile, in the group of the person that it is"
    )
    reason: Reason
    author: Author


class SplitAnswer(Consequences):
    """What a split led to."""

    profile_ids: list[ProfileId] = Field(description="the profile of each group now, in the order of the groups")
    verdicts: list[VerdictDocument] = Field(description="the verdict: one, on the groups")
