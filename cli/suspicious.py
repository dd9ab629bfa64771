"""`identity-graph suspicious`: which profiles may be several people?"""

from typing import Annotated

import typer

from cli.explanation_trees import MaskOption
from cli.opening import opened_store, settings_and_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption
from cli.output import counted, print_json
from cli.row_tables import comparison_text
from cli.running import run_batch
from cli.store_progress import scan_progress
from cli.terminal import say, say_lines
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.masking import Visibility
from graph_model.values.equality import JsonObject
from services.lookup.explain import LARGE_PART
from services.lookup.explanation_documents import ExplanationWriter
from services.maintenance.suspicious import Suspicions, suspicious_profiles
from services.settings import Settings


def suspicious(
    at_least: Annotated[
        int,
        typer.Option("--at-least", min=1, metavar="RECORDS", help="Records of a part that may be a person of its own."),
    ] = LARGE_PART,
    limit: Annotated[int, typer.Option("--limit", min=1, help="List so many at the most.")] = 100,
    mask: MaskOption = False,
    as_json: JsonOption = False,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
) -> None:
    """List profiles that may be several people, the most suspicious first, with the value to blame.

    Suspicious is a profile of which a single value joins rows whose names or birth dates differ, such as the phone of
    an office, or of which two large parts hang together by one record's value alone. Profiles with rows that contradict
    themselves or with dropped evidence are listed after these. What is kept apart already is not listed, and what a
    verdict "same" joins is not doubted. Below each stand its rows side by side.

    For example:

        identity-graph suspicious

        identity-graph suspicious --at-least 10 --json
    """
    settings, meaning = settings_and_catalogue(catalogue, store, only_reads=True)
    found = run_batch(_scan(settings, meaning, at_least, limit))
    writer = ExplanationWriter(meaning, Visibility.of(meaning, may_see_values=not mask))
    if as_json:
        print_json({"profiles": found.profiles, "found": found.found, "listed": _documents(found, writer)})
    else:
        _print(found, _documents(found, writer))


async def _scan(settings: Settings, catalogue: Catalogue, at_least: int, limit: int) -> Suspicions:
    async with opened_store(settings, catalogue, read_only=True) as store:
        with scan_progress() as progress:
            return await suspicious_profiles(store, catalogue, at_least, limit, progress)


def _documents(found: Suspicions, writer: ExplanationWriter) -> list[JsonObject]:
    return [
        {
            "profile_id": profile.profile_id,
            "records": profile.records,
            "doubtful": [writer.doubtful_pair(pair) for pair in profile.doubtful],
            "suspicious": [writer.weak_link(link) for link in profile.weak_links],
            "conflicts": profile.conflicts,
            "contradictions": profile.contradictions,
            "dropped_evidence": profile.dropped,
            "comparison": writer.comparison(profile.comparison),
        }
        for profile in found.listed
    ]


def _print(found: Suspicions, documents: list[JsonObject]) -> None:
    for profile in documents:
        told = [counted(profile["records"], "record")]
        told += [counted(profile["contradictions"], "contradiction")] if profile["contradictions"] else []
        told += [f"{profile['dropped_evidence']:,} dropped evidence"] if profile["dropped_evidence"] else []
        say(f"Profile {profile['profile_id']}: {', '.join(told)}")
        for blamed in (*profile["doubtful"], *profile["suspicious"]):
            say(f"  {blamed['kind']} {blamed['value']}: {blamed['explanation']}")
        rows = comparison_text(profile["comparison"])
        say_lines("".join(f"  {line}\n" if line else "\n" for line in rows.split("\n")))
    look = "; `identity-graph explain ID` shows why" if documents else ""
    say(f"Worth a look: {found.found:,} of {counted(found.profiles, 'profile')}{look}.")
    if found.found > len(documents):
        say(f"Listed are the {len(documents):,} most suspicious; --limit lists more.")
