"""Which cluster keeps which profile id.

Ids are never derived from members. Clusters get the ids that their records had, one to one, greedily by the
number of records shared, so that a split which gives back most of an absorbed profile brings its id back.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graph_model.records import RecordAddress


@dataclass(frozen=True, slots=True, eq=False)
class FormerProfile:
    """A profile id that may live on."""

    profile_id: str
    live: bool
    members: frozenset[RecordAddress]  #: its last records, under their present addresses


def assign_ids(
    clusters: Sequence[Sequence[RecordAddress]],
    former: Sequence[FormerProfile],
    new_id: Callable[[], str],
) -> list[str]:
    """Give every cluster an id, in the order of `clusters`.

    The order of preference is: most records shared, live before others, smaller id, smaller first record.
    What is left over gets a new id.
    """
    belonged: dict[RecordAddress, list[FormerProfile]] = defaultdict(list)
    for profile in former:
        for address in profile.members:
            belonged[address].append(profile)
    claims = []
    for index, members in enumerate(clusters):
        shared = Counter(profile for address in members for profile in belonged.get(address, ()))
        first = min(members)
        claims += [(-count, not profile.live, profile.profile_id, first, index) for profile, count in shared.items()]
    assigned: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, profile_id, _, index in sorted(claims):
        if index not in assigned and profile_id not in taken:
            assigned[index] = profile_id
            taken.add(profile_id)
    return [assigned[index] if index in assigned else new_id() for index in range(len(clusters))]
