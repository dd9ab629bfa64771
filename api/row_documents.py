"""The shapes of rows on the wire: one as it was received, and several side by side."""

from typing import Annotated

from pydantic import Field, JsonValue

from api.documents import ProfileId, RecordReference, ResponseDocument, Timestamp, ValueIssue

MASKED = "masked for callers without the steward's token, where one is configured"

Pair = Annotated[list[RecordReference], Field(min_length=2, max_length=2, description="the two records")]


class RowDocument(RecordReference):
    """A row as it was received, and what became of it."""

    deleted: bool = Field(description="true: the row is gone, and only its place is remembered")
    profile_id: ProfileId | None = Field(description="its profile; of a deleted row the last one")
    epoch: int = Field(description="life of the topic that carried this version; 0: it came without a log")
    offset: int | str = Field(
        description="position of this version in the log of its epoch, its declared version, or its number at "
        "acceptance; text where 64 bits do not hold it"
    )
    observed_at: Timestamp = Field(description="when the source said so; of a deleted row when it was deleted")
    undated: bool = Field(description="true: the source did not say when; `observed_at` is the time of acceptance")
    accepted_at: Timestamp | None = Field(description="when the values were accepted, or sent; null: at `observed_at`")
    values: dict[str, JsonValue] | None = Field(
        description=f"the catalogue's columns as they were received, each value {MASKED}; null: the row is deleted",
        examples=[{"email": "Ann.Lee@example.com", "birth_date": "1984-03-07"}],
    )
    incomplete: list[str] = Field(description="columns whose value the source has never sent")
    issues: list[ValueIssue] = Field(description="values that could not be used, and why")
    moved_from: RecordReference | None = Field(description="the address that the row had before its key changed")
    moved_to: RecordReference | None = Field(description="of a deleted row: the address that it has since then")


class ComparedRow(RecordReference):
    """A row that stands beside others."""

    deleted: bool


class ComparedCell(ResponseDocument):
    """What one row has in one line."""

    columns: list[str] = Field(description="the columns that may say it; empty: its source has none")
    values: list[JsonValue] = Field(
        description=f"as received, long ones shortened; empty: the row has no value there; {MASKED}"
    )


class ComparedLine(ResponseDocument):
    """Columns, of any source, that the catalogue gives one meaning."""

    field: str = Field(description="the identifier kind, else the trait", examples=["email"])
    kind: str | None
    trait: str | None
    differs: bool = Field(
        description="two of the rows have values here that have nothing in common, whatever their spelling"
    )
    cells: list[ComparedCell] = Field(description="one for each row, in their order")


class RowComparison(ResponseDocument):
    """Rows side by side."""

    records: list[ComparedRow] = Field(description="at most ten: the first, and those that say something else")
    records_total: int = Field(description="how many rows were compared")
    lines: list[ComparedLine]
