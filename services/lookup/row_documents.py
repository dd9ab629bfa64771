"""Rows as JSON documents, with values as the reader may see them; the API and the command show the same."""

from graph_model.explain.comparison import RowComparison
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.values.equality import JsonObject
from graph_model.values.times import iso_time
from services.lookup.records import RecordAccount


def comparison_document(comparison: RowComparison, visibility: Visibility) -> JsonObject:
    """Write rows side by side: a line for each meaning of columns, in it a cell for each row."""
    return {
        "records": [
            {**reference_document(row.address, visibility), "deleted": row.is_deleted} for row in comparison.rows
        ],
        "records_total": comparison.rows_total,
        "lines": [
            {
                "field": line.field,
                "kind": line.kind,
                "trait": line.trait,
                "differs": line.differs,
                "cells": [
                    {"columns": cell.columns, "values": [visibility.json_value(value) for value in cell.values]}
                    for cell in line.cells
                ],
            }
            for line in comparison.lines
        ],
    }


def record_document(account: RecordAccount, visibility: Visibility) -> JsonObject:
    """Write one row as it was received, and what became of it; `values` are null of a deleted one."""
    stored, record = account.stored, account.stored.record
    values = None
    if record.values is not None:
        values = {column: visibility.json_value(value) for column, value in sorted(record.values.items())}
    moved = {"moved_from": record.moved_from, "moved_to": record.moved_to}
    return {
        **reference_document(record.address, visibility),
        "deleted": record.is_tombstone,
        "profile_id": stored.profile_id,
        "epoch": record.position.epoch,
        "offset": record.position.told,
        "observed_at": iso_time(record.observed_at),
        "undated": record.undated,
        "accepted_at": None if record.accepted_at is None else iso_time(record.accepted_at),
        "values": values,
        "incomplete": sorted(record.incomplete),
        "issues": [{"column": issue.column, "reason": issue.reason} for issue in account.issues],
        **{
            name: None if address is None else reference_document(address, visibility)
            for name, address in moved.items()
        },
    }


def reference_document(address: RecordAddress, visibility: Visibility) -> JsonObject:
    """Write an address."""
    return {"source": address.source, "key": visibility.key(address)}
