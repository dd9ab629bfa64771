"""`identity-graph preview`: what would another catalogue change?"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.explanation_trees import MaskOption
from cli.logs import set_up_logging
from cli.opening import load_catalogue, require_store
from cli.options import JsonOption, StoreOption, settings_with
from cli.output import counted, print_json, print_table, warn
from cli.row_tables import comparison_text
from cli.running import run_batch
from cli.store_progress import scan_progress, task_name
from cli.terminal import say, say_lines, visible
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import RowComparison
from graph_model.explain.masking import Visibility
from services.lookup.row_documents import comparison_document, reference_document
from services.maintenance.preview import Preview
from services.maintenance.preview import preview as preview_store
from services.maintenance.preview_examples import VERDICT, Bridge, ProfileMerge, ProfileSplit, RecordGroup
from services.settings import Settings
from services.stores.opening import open_store


def preview(
    catalogue: Annotated[Path, typer.Option("--catalogue", metavar="FILE", help="The new catalogue.")],
    store: StoreOption = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="How many merges and splits to describe.")] = 5,
    mask: MaskOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tell which profiles would merge and which would split under another catalogue. Nothing is touched.

    Of every merge and split that is described, rows stand side by side, and a mark where they say different things.
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
    visibility = Visibility.of(meaning, may_see_values=not mask)
    found, is_in_force = run_batch(_preview(settings, meaning, examples, visibility))
    given_store = f" --store {store}" if store is not None else ""
    apply = None if is_in_force else f"identity-graph re-resolve --catalogue {catalogue}{given_store}"
    if as_json:
        print_json({**_to_json(found, visibility), "apply": apply})
        return
    _print(found, visibility)
    if apply is None:
        say("This catalogue is in force already.")
    else:
        say(f"Nothing was changed. To bring it into force: {apply}")


async def _preview(
    settings: Settings, catalogue: Catalogue, examples: int, visibility: Visibility
) -> tuple[Preview, bool]:
    async with AsyncExitStack() as opened:
        store = await open_store(settings, catalogue, any_meaning=True, read_only=True)
        opened.push_async_callback(store.close)
        progress = opened.enter_context(scan_progress())
        found = await preview_store(
            store, catalogue, progress, examples=examples, may_see_values=visibility.may_see_values
        )
        return found, store.fingerprint == catalogue.fingerprint


def _print(found: Preview, visibility: Visibility) -> None:
    say(
        f"{counted(found.records, 'record')} are {counted(found.profiles_before, 'profile')} now, and would be "
        f"{found.profiles_after:,}; {counted(found.moving, 'record')} would belong to another profile id."
    )
    say()
    rows = [
        ("stay as they are", f"{found.unchanged}", ""),
        ("merge", f"{found.merging}", f"{found.merged_into}"),
        ("split", f"{found.splitting}", f"{found.split_into}"),
    ]
    print_table(("would", "profiles", "into"), rows)
    if found.generic:
        say()
        header = ("identifiers of kind", "become generic", "cease to be")
        print_table(header, [(change.kind, f"{change.become}", f"{change.cease}") for change in found.generic])
    merges = (_merge_lines(merge, visibility) for merge in found.merges)
    splits = (_split_lines(split, visibility) for split in found.splits)
    for title, told in (("Merges", merges), ("Splits", splits)):
        for number, lines in enumerate(told):
            if number == 0:
                say(f"\n{title}, the largest first:")
            say_lines("\n".join(map(visible, lines)))
    _print_warnings(found)
    say()


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


def _merge_lines(merge: ProfileMerge, visibility: Visibility) -> list[str]:
    return [
        f"  {counted(merge.parts_total, 'profile')} would be one:",
        *(f"    {part.profile_id}: {_records(part, visibility)}" for part in merge.parts),
        *_more(merge.parts_total - len(merge.parts), "profile"),
        *(f"    by: {_ends(bridge, visibility)} share {_article(bridge.evidence)}" for bridge in merge.evidence),
        *_rows(merge.comparison, visibility),
    ]


def _split_lines(split: ProfileSplit, visibility: Visibility) -> list[str]:
    return [
        f"  {split.profile_id} would be {counted(split.parts_total, 'profile')}:",
        *(f"    {_records(part, visibility)}" for part in split.parts),
        *_more(split.parts_total - len(split.parts), "part"),
        *(f"    since {reason}" for reason in split.reasons),
        *_rows(split.comparison, visibility),
    ]


def _ends(bridge: Bridge, visibility: Visibility) -> str:
    return f"{visibility.name(bridge.one)} and {visibility.name(bridge.other)}"


def _article(evidence: str) -> str:
    return "a verdict" if evidence == VERDICT else f"their {evidence}"


def _records(part: RecordGroup, visibility: Visibility) -> str:
    more = part.records_total - len(part.records)
    return ", ".join(map(visibility.name, part.records)) + (f" and {more:,} more" if more else "")


def _rows(comparison: RowComparison, visibility: Visibility) -> list[str]:
    """Rows side by side, with an empty line before and after them."""
    lines = comparison_text(comparison_document(comparison, visibility)).removesuffix("\n").split("\n")
    return ["", *(f"    {line}" if line else "" for line in lines), ""] if any(lines) else []


def _more(number: int, noun: str) -> list[str]:
    return [f"    and {number:,} more {noun}{'' if number == 1 else 's'}"] if number else []


def _to_json(found: Preview, visibility: Visibility) -> dict[str, Any]:
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
                "profiles": [_part_to_json(part, visibility) for part in merge.parts],
                "profiles_total": merge.parts_total,
                "evidence": [
                    {
                        "records": [reference_document(end, visibility) for end in (bridge.one, bridge.other)],
                        "evidence": bridge.evidence,
                    }
                    for bridge in merge.evidence
                ],
                "comparison": comparison_document(merge.comparison, visibility),
            }
            for merge in found.merges
        ],
        "splits": [
            {
                "profile_id": split.profile_id,
                "parts": [_part_to_json(part, visibility) for part in split.parts],
                "parts_total": split.parts_total,
                "reasons": split.reasons,
                "comparison": comparison_document(split.comparison, visibility),
            }
            for split in found.splits
        ],
        "owed": [task_name(task) for task in found.owed],
    }


def _part_to_json(part: RecordGroup, visibility: Visibility) -> dict[str, Any]:
    of_profile = {} if part.profile_id is None else {"profile_id": part.profile_id}
    return {
        **of_profile,
        "records": [reference_document(address, visibility) for address in part.records],
        "records_total": part.records_total,
    }
