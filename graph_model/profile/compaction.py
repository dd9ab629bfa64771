"""One event in the place of many: what is told of a profile to a reader for whom not every version is kept any more."""

from typing import Final

import msgspec
from msgspec import Raw

from graph_model.profile.codec import decode_profile
from graph_model.profile.document import Profile, ProfileStatus
from graph_model.profile.events import ProfileEvent, ProfileEventType, ProfileUpdate
from graph_model.values.times import milliseconds

_encode: Final = msgspec.json.Encoder().encode


def compacted_event(document: bytes, previous_version: int) -> ProfileEvent:
    """Tell the newest state of a profile, and nothing of what came between.

    Args:
        document: the profile as it is now.
        previous_version: the last version that the reader was told; 0: none.

    Raises:
        ProfileDamaged: the document is no profile.
    """
    profile = decode_profile(document)
    change = _change(profile, previous_version)
    after = profile.merged_into if profile.lineage else profile.profile_id
    update = ProfileUpdate(
        profile_id=profile.profile_id,
        version=profile.version,
        change=change,
        ids_before=[profile.profile_id] if previous_version else [],
        ids_after=[after] if after else [],
        merged_into=profile.merged_into,
        causes=[],
        causes_total=0,
        previous_version=previous_version,
        changed_fields=[],
        provenance=[],
        compacted=True,
        profile=Raw(document),
    )
    return ProfileEvent(
        profile_id=profile.profile_id,
        version=profile.version,
        type=change,
        occurred_at=milliseconds(profile.updated_at),
        data=_encode(update),
    )


def _change(profile: Profile, previous_version: int) -> ProfileEventType:
    match profile.status:
        case ProfileStatus.ABSORBED:
            return ProfileEventType.MERGED
        case ProfileStatus.DELETED:
            return ProfileEventType.DELETED
        case ProfileStatus.LIVE:
            return ProfileEventType.UPDATED if previous_version else ProfileEventType.CREATED
