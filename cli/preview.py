"""`identity-graph preview`: what would another catalogue change?"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import load_catalogue, require_store
from cli.options import JsonOption, StoreOption, settings_with
from cli.output import counted, print_json, print_table, warn
from cli.running import run_batch, set_up_logging
from cli.store_progress import scan_progress, task_name
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from services.maintenance.preview import Preview
from services.maintenance.preview import preview as preview_store
from services.maintenance.preview_examples import VERDICT, ProfileMerge, ProfileSplit, RecordGroup
from services.settings import Settings
from services.stores.opening import open_store


def preview(
    catalogue: Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="The new catalogue.")],
    store: StoreOption = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="How many merges and splits to describe.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Tell which profiles would merge and which would split under another catalogue. Nothing is touched.

    All records are read by the new catalogue and resolved from scratch, on the disk for temporary files; memory stays
    small. Others may go on writing meanwhile.

    For example:

        identity-graph preview --catalogue new.yaml

        identity-graph preview --catalogue new.yaml --examples 20 --json
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(catalogue)
    require_store(settings)
    found, is_in_force = run_batch(_preview(settings, meaning, examples))
    given_store = f" --store {store}" if store is not None else ""
    apply = None if is_in_force else f"identity-graph re-resolve --catalogue {catalogue}{given_store}"
    if as_json:
        print_json({**_to_json(found), "apply": apply})
        return
    _print(found)
    if apply is None:
        typer.echo("This catalogue is in force already.")
    else:
        typer.echo(f"Nothing was changed. To bring it into force: {apply}")


async def _preview(settings: Settings, catalogue: Catalogue, examples: int) -> tuple[Preview, bool]:
    async with AsyncExitStack() as opened:
        store = await open_store(settings, catalogue, any_meaning=True)
        opened.push_async_callback(store.close)
        found = await preview_store(store, catalogue, opened.enter_context(scan_progress()), examples=examples)
        return found, store.fingerprint == catalogue.fingerprint


def _print(found: Preview) -> None:
    typer.echo(
        f"{counted(found.records, 'record')} are {counted(found.profiles_before, 'profile')} now, and would be "
        f"{found.profiles_after:,}; {counted(found.moving, 'record')} would belong to another profile id."
    )
    typer.echo()
    rows = [
        ("stay as they are", f"{found.unchanged}", ""),
        ("merge", f"{found.merging}", f"{found.merged_into}"),
        ("split", f"{found.splitting}", f"{found.split_into}"),
    ]
    print_table(("would", "profiles", "into"), rows)
    if found.generic:
        typer.echo()
        header = ("identifiers of kind", "become generic", "cease to be")
        print_table(header, [(change.kind, f"{change.become}", f"{change.cease}") for change in found.generic])
    for title, told in (("Merges", map(_merge_lines, found.merges)), ("Splits", map(_split_lines, found.splits))):
        for number, lines in enumerate(told):
            if number == 0:
                typer.echo(f"\n{title}, the largest first:")
            typer.echo("\n".join(lines))
    _print_warnings(found)
    typer.echo()


def _print_warnings(found: Preview) -> None:
    for missing in found.missing_columns:
        warn(
            f"{missing.source}: {', '.join(missing.columns)}: no stored record has these columns. If the rows have "
            "them, they were not kept so far: they come with new versions of the rows, or when the topic is read again "
            "from its beginning"
        )
    for source, records in found.unknown_sources:
        warn(f"{source}: the catalogue does not name this source; its {counted(records, 'record')} would say nothing")
    for task in found.owed:
        warn(f"work is owed, which may change profiles as well: {task_name(task)}")


def _merge_lines(merge: ProfileMerge) -> list[str]:
    return [
        f"  {counted(merge.parts_total, 'profile')} would be one:",
        *(f"    {part.profile_id}: {_records(part)}" for part in merge.parts),
        *_more(merge.parts_total - len(merge.parts), "profile"),
        *(f"    by: {bridge.one} and {bridge.other} share {_article(bridge.evidence)}" for bridge in merge.evidence),
    ]


def _split_lines(split: ProfileSplit) -> list[str]:
    return [
        f"  {split.profile_id} would be {counted(split.parts_total, 'profile')}:",
        *(f"    {_records(part)}" for part in split.parts),
        *_more(split.parts_total - len(split.parts), "part"),
        *(f"    since {reason}" for reason in split.reasons),
    ]


def _article(evidence: str) -> str:
    return "a verdict" if evidence == VERDICT else f"their {evidence}"


def _records(part: RecordGroup) -> str:
    more = part.records_total - len(part.records)
    return ", ".join(map(str, part.records)) + (f" and {more:,} more" if more else "")


def _more(number: int, noun: str) -> list[str]:
    return [f"    and {number:,} more {noun}{'' if number == 1 else 's'}"] if number else []


def _to_json(found: Preview) -> dict[str, Any]:
    return {
        "records": found.records,
        "records_moving": found.moving,
        "profiles": {
            "before": found.profiles_before,
            "after": found.profiles_after,
            "unchanged": found.unchanged,
            "merging": found.merging,
            "merged_into": found.merged_into,
            "splitting": found.splitting,
            "split_into": found.split_into,
        },
        "generic": [{"kind": c.kind, "become": c.become, "cease": c.cease} for c in found.generic],
        "missing_columns": [
            {"source": m.source, "columns": m.columns, "records": m.records} for m in found.missing_columns
        ],
        "unknown_sources": [{"source": source, "records": records} for source, records in found.unknown_sources],
        "merges": [
            {
                "profiles": [_part_to_json(part) for part in merge.parts],
                "profiles_total": merge.parts_total,
                "evidence": [
                    {"records": [_record(bridge.one), _record(bridge.other)], "evidence": bridge.evidence}
                    for bridge in merge.evidence
                ],
            }
            for merge in found.merges
        ],
        "splits": [
            {
                "profile_id": split.profile_id,
                "parts": [_part_to_json(part) for part in split.parts],
                "parts_total": split.parts_total,
                "reasons": split.reasons,
            }
            for split in found.splits
        ],
        "owed": [task_name(task) for task in found.owed],
    }


def _part_to_json(part: RecordGroup) -> dict[str, Any]:
    of_profile = {} if part.profile_id is None else {"profile_id": part.profile_id}
    return {**of_profile, "records": [_record(a) for a in part.records], "records_total": part.records_total}


def _record(address: RecordAddress) -> dict[str, Any]:
    return {"source": address.source, "key": address.written_key}
