"""The library's numbering plans, prepared so that most numbers are told in a few microseconds.

The library tries ten patterns a number, one after the other, and most of them twice. What it answers is kept to the
letter: the patterns are its own.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

#: A country code has so many digits at the most.
_LONGEST_COUNTRY_CODE: Final = 3
#: The library takes no shorter number behind a country code.
_FEWEST_DIGITS: Final = 3

#: The kinds of numbers that can be assigned, the usual ones first.
_KINDS: Final = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip


class _Shape(NamedTuple):
    """What numbers of a kind look like."""

    pattern: re.Pattern[str]
    lengths: frozenset[int]  #: empty: any

    def fits(self, digits: str) -> bool:
        """Tell whether a number, without its country code, is of the kind."""
        return (not self.lengths or len(digits) in self.lengths) and self.pattern.fullmatch(digits) is not None


class _Region(NamedTuple):
    """The numbers of one region of a country code."""

    leading: re.Pattern[str] | None  #: how its numbers begin, where that alone tells them from those of others
    general: _Shape | None  #: what all its numbers look like; None: it has none
    kinds: Sequence[_Shape]

    def can_assign(self, digits: str) -> bool:
        """Tell whether a number is one that the region may give to somebody."""
        return self.general is not None and self.general.fits(digits) and any(kind.fits(digits) for kind in self.kinds)


class _Plan(NamedTuple):
    """All numbers of a country code."""

    regions: Sequence[_Region]  #: the main one first
    prefix: re.Pattern[str] | None  #: what people dial before a number within the main region, and what stands for it


def can_be_assigned(country_code: int, digits: str) -> bool:
    """Tell whether a number can be assigned in its country; the same as `phonenumbers.is_valid_number`.

    Args:
        country_code: of the number.
        digits: the rest of it, the national significant number.
    """
    plan = _plan(country_code)
    if plan is None:
        return False
    if len(plan.regions) == 1:
        return plan.regions[0].can_assign(digits)
    for region in plan.regions:
        if region.leading is None:
            if region.can_assign(digits):
                return True
        elif region.leading.match(digits):
            return region.can_assign(digits)
    return False


def read_international(digits: str) -> str | None:
    """Read the digits behind a `+`, where nothing of them could be a prefix that is dialled within the country only.

    Returns:
        The number in E.164, as the library would read it; None: it reads another one, or none, or it must be asked.
    """
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        plan = _plan(int(digits[:length]))
        if plan is not None:
            rest = digits[length:]
            if len(digits) < _FEWEST_DIGITS or (plan.prefix is not None and _begins_with(plan.prefix, rest)):
                return None
            return f"+{digits}" if can_be_assigned(int(digits[:length]), rest) else None
    return None


def _begins_with(prefix: re.Pattern[str], digits: str) -> bool:
    found = prefix.match(digits)
    return found is not None and (found.end() > 0 or found.lastindex is not None)


@cache
def _plan(country_code: int) -> _Plan | None:
    """The plan of a country code; None: there is no such code."""
    codes = phonenumbers.region_codes_for_country_code(country_code)
    known = [PhoneMetadata.metadata_for_region_or_calling_code(country_code, code) for code in codes]
    found = [metadata for metadata in known if metadata is not None]
    if not found:
        return None
    prefix = found[0].national_prefix_for_parsing
    return _Plan(tuple(map(_region, found)), re.compile(prefix) if prefix else None)


def _region(metadata: PhoneMetadata) -> _Region:
    kinds = (_shape(getattr(metadata, kind)) for kind in _KINDS)
    leading = metadata.leading_digits
    return _Region(
        None if leading is None else re.compile(leading),
        _shape(metadata.general_desc),
        tuple(kind for kind in kinds if kind is not None),
    )


def _shape(described: PhoneNumberDesc | None) -> _Shape | None:
    if described is None or not described.national_number_pattern:
        return None
    return _Shape(re.compile(described.national_number_pattern), frozenset(described.possible_length))
