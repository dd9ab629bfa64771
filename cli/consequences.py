"""What a verdict has led to, as people read it."""

from cli.output import counted
from cli.row_tables import comparison_text, record_name
from cli.terminal import visible
from graph_model.values.equality import JsonObject


def consequences_text(document: JsonObject) -> str:
    """The profiles that there are now, and the rows of the verdict side by side."""
    before = {profile["profile_id"] for profile in document["profiles_before"]}
    sentence = document["explanation"]
    told = [f"{sentence[:1].upper()}{sentence[1:]}{':' if document['profiles'] else '.'}"]
    told += [_profile(profile, is_new=profile["profile_id"] not in before) for profile in document["profiles"]]
    rows = comparison_text(document["comparison"])
    return "".join(f"{visible(line)}\n" for line in told) + (f"\n{rows}" if rows else "")


def _profile(profile: JsonObject, *, is_new: bool) -> str:
    more = profile["records_total"] - len(profile["records"])
    records = ", ".join([*map(record_name, profile["records"]), *([f"{more:,} more"] if more else [])])
    new = " (new)" if is_new else ""
    return f"  {profile['profile_id']}{new} has {counted(profile['records_total'], 'record')}: {records}"
