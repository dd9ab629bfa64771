"""Finding a profile: by its id, by an identifier, and after it was absorbed.

IdentityGraphError
└── LookupFailed
    ├── UnknownProfile           no profile ever had this id
    ├── UnknownIdentifier        no record carries it
    ├── UnknownIdentifierKind    the catalogue has no such kind
    ├── UnreadableIdentifier     the value is none of its kind
    ├── BlockedIdentifier        the value identifies nobody
    ├── AmbiguousIdentifier      what was given does not lead to exactly one person
    │   ├── IdentifierOfSeveral     several people carry the identifier
    │   ├── GenericIdentifier    too many records carry it for it to be evidence
    │   └── ScatteredProfile     the profile's records belong to several people now
    └── ProfileGone              the profile's records are gone
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from graph_model.profile.codec import marks_generic
from graph_model.profile.document import Profile, ProfileStatus
from graph_model.values.identifiers import Identifier
from services.stores.port.protocols import StoreReader
from services.stores.port.stored import StoredProfile

#: A list of the profiles that carry an identifier holds at most so many.
LISTED_PROFILES: Final = 100


class LookupFailed(IdentityGraphError):
    """What was asked for cannot be answered with one profile."""


class UnknownProfile(LookupFailed):
    """There is no profile of this id."""

    def __init__(self) -> None:
        super().__init__("no profile has this id; profile ids are 32 hexadecimal digits, as this service gave them")


class UnknownIdentifier(LookupFailed):
    """No record carries the identifier."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"no record carries this {kind}; check the value, or whether its source has been ingested")


class UnknownIdentifierKind(LookupFailed):
    """The identifier is of a kind that the catalogue does not know, or is not written as `kind:value`."""

    def __init__(self, catalogue: Catalogue) -> None:
        kinds = ", ".join(sorted(name for name, kind in catalogue.kinds.items() if not kind.parts))
        super().__init__(f"an identifier is written kind:value, with one of the catalogue's kinds: {kinds}")


class UnreadableIdentifier(LookupFailed):
    """The value cannot be normalised as its kind says."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"this value cannot be read as {kind}; check its spelling")


class BlockedIdentifier(LookupFailed):
    """The value is one that identifies nobody, for example a placeholder."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"this {kind} identifies nobody: it is on the list of blocked values; use another identifier of the person"
        )


class AmbiguousIdentifier(LookupFailed):
    """What was given does not lead to exactly one person; nobody's data may be given for it."""


class IdentifierOfSeveral(AmbiguousIdentifier):
    """Several people carry the identifier."""

    def __init__(self, people: int) -> None:
        count = f"more than {LISTED_PROFILES}" if people > LISTED_PROFILES else str(people)
        super().__init__(
            f"this identifier leads to {count} people, and nobody's data is given on a guess; use another identifier "
            "of the person, or choose one of GET /v1/profiles?identifier="
        )


class GenericIdentifier(AmbiguousIdentifier):
    """The identifier is no evidence, even where a single profile carries it at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "this identifier is generic: too many records carry it to be evidence of who a person is; use another "
            "identifier of the person, or choose one of GET /v1/profiles?identifier="
        )


class ScatteredProfile(AmbiguousIdentifier):
    """The records of a former profile belong to several people now."""

    def __init__(self, profiles: int) -> None:
        super().__init__(
            f"the records of this former profile are in {profiles} profiles now; "
            "GET /v1/profiles/{profile_id} lists them, choose one"
        )


class ProfileGone(LookupFailed):
    """All records of the profile are deleted, or belong to nobody any more."""

    def __init__(self) -> None:
        super().__init__("this profile has no records any more; its id will not be given to anybody else")


@dataclass(frozen=True, slots=True)
class Share:
    """Where some records of an absorbed profile are now."""

    profile_id: str
    records: int  #: how many of the remembered records
    share: float  #: the same as a part of all remembered records, 0 to 1


def read_identifier(text: str, catalogue: Catalogue) -> Identifier:
    """Read `kind:value` and bring the value into its normal form.

    Raises:
        UnknownIdentifierKind: the catalogue has no such kind.
        UnreadableIdentifier: the value has no normal form.
        BlockedIdentifier: the value is one that identifies nobody.
    """
    name, _, given = text.partition(":")
    kind = catalogue.kinds.get(name)
    if kind is None or kind.normalise is None:
        raise UnknownIdentifierKind(catalogue)
    value = kind.normalise(given)
    if kind.is_blocked(given) or (value is not None and value != given and kind.is_blocked(value)):
        raise BlockedIdentifier(kind.name)
    if value is None:
        raise UnreadableIdentifier(kind.name)
    return Identifier(kind.name, value)


async def list_by_identifier(store: StoreReader, identifier: Identifier) -> tuple[StoredProfile, ...]:
    """Find live profiles that carry the identifier: up to `LISTED_PROFILES`, and one more where there are more.

    Raises:
        UnknownIdentifier: there is none.
    """
    found = await store.find_profiles(identifier, LISTED_PROFILES + 1)
    if not found:
        raise UnknownIdentifier(identifier.kind)
    return found


async def one_by_identifier(store: StoreReader, identifier: Identifier) -> StoredProfile:
    """Find the one person that the identifier leads to.

    Raises:
        UnknownIdentifier: no record carries it.
        GenericIdentifier: it is no evidence.
        IdentifierOfSeveral: several people carry it.
    """
    found = await store.find_profiles(identifier, 2)
    if not found:
        raise UnknownIdentifier(identifier.kind)
    if marks_generic(found[0].document) and identifier in found[0].read().generic:
        raise GenericIdentifier
    if len(found) > 1:
        raise IdentifierOfSeveral(len(await list_by_identifier(store, identifier)))
    return found[0]


async def one_by_id(store: StoreReader, profile_id: str) -> StoredProfile:
    """Find a live profile by its id, or the one profile that all its records are in now.

    Raises:
        UnknownProfile: there never was one.
        ScatteredProfile: its records belong to several people now.
        ProfileGone: it has no records any more.
    """
    profile = await known_profile(store, profile_id)
    if profile.status is not ProfileStatus.LIVE:
        shares = await whereabouts(store, profile.read())
        if len(shares) > 1:
            raise ScatteredProfile(len(shares))
        if not shares:
            raise ProfileGone
        profile = await known_profile(store, shares[0].profile_id)
        if profile.status is not ProfileStatus.LIVE:
            raise ProfileGone  # it was deleted between the two reads
    return profile


async def known_profile(store: StoreReader, profile_id: str) -> StoredProfile:
    """Read a profile, live or not.

    Raises:
        UnknownProfile: there never was one.
    """
    profile = await store.read_profile(profile_id)
    if profile is None:
        raise UnknownProfile
    return profile


async def whereabouts(store: StoreReader, former: Profile) -> tuple[Share, ...]:
    """Tell where the records that a former profile remembers are now, most records first."""
    remembered = former.members
    stored = await store.read_records(remembered)
    counts = Counter(
        entry.profile_id for entry in stored.values() if entry.profile_id is not None and not entry.record.is_tombstone
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Share(profile_id, count, round(count / len(remembered), 4)) for profile_id, count in ranked)
