"""How a column of days or times is written: found in its values, and proved by reading them so.

A pattern is only as good as the values that no other one fits: `03/04/2024` is in April or in March. What the values
leave open is a doubt for the person who checks the draft, never a silent choice.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from graph_model.values.equality import JsonValue
from graph_model.values.reading import AS_WRITTEN, Notation, Reading, read_moment
from graph_model.values.times import DAY_MILLISECONDS

#: Whether the day or the month comes first where only numbers are written.
DayOrder = Literal["day", "month"]
_ORDERS: Final[tuple[DayOrder, ...]] = ("day", "month")

#: So much of a column must be readable as what it is taken for; the rest are slips.
MOST: Final = 0.8

#: So rare, a way of writing is a slip.
_RARE: Final = 0.02
#: So many of the values that tell the order may tell the other one.
_SLIPS: Final = 0.05

_WEEKDAY: Final = r"(?P<weekday>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*(?P<after_weekday>,? ))?"
_DAY: Final = (
    r"(?:(?P<a>\d{1,2}|\d{4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{1,2}(?!\d))"
    r"|(?P<x>\d{1,2}|\d{4})\.(?P<space> ?)(?P<y>\d{1,2})\.(?P=space)(?P<z>\d{4}|\d{1,2}(?!\d))(?P<end>\.?)"
    r"|(?P<east>\d{4}年(?P<wide> ?)\d{1,2}月(?P=wide)\d{1,2}日|\d{4}년(?P<korean> ?)\d{1,2}월(?P=korean)\d{1,2}일)"
    r"|(?P<day>\d{1,2})(?P<after_day>\.?)(?P<gap>[ -]?)(?P<month>[A-Za-z]{3,9})(?P<dot>,?\.?)(?P=gap)"
    r"(?P<year>\d{4}|\d{2}(?!\d))"
    r"|(?P<first_month>[A-Za-z]{3,9}) (?P<second_day>\d{1,2}), (?P<last_year>\d{4})"
    r"|(?P<compact>\d{8}))"
)
_TIME: Final = (
    r"(?:(?P<before>,? |T)(?P<hour>\d{1,2}):\d\d(?P<seconds>:\d\d(?P<fraction>\.\d{1,6})?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?"
)
_WRITTEN: Final = re.compile(_WEEKDAY + _DAY + _TIME, re.ASCII)
_NUMBER_OF_MONTH: Final = re.compile(r"\d{1,2}(?=[月월])")
_NUMBER_OF_DAY: Final = re.compile(r"\d{1,2}(?=[日일])")
#: Days with the name of their month as no pattern reads them: in another language than English, `7th`, `of`.
_NAMED_MONTH: Final = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,? )?"
    r"(?:\d{1,2}(?:\.|[^\W\d_]{1,2}|[ªº°])?[ -]?(?:(?:de|of) )?[^\W\d_]{3,12}\.?,?(?: del?)?[ -]?"
    r"|[^\W\d_]{3,12}\.? \d{1,2}[^\W\d_]{0,2},? )\d{4}(?:\W.{0,30})?"
)
_DIGITS: Final = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(?:1[89]|20)\d{6}", re.ASCII)
_YEAR_LAST: Final = re.compile(r"\d{4}(?:1[89]|20)\d\d", re.ASCII)
_TIME_OF_DAY: Final = re.compile(r"[Tt ](?!00:00(?::00(?:\.0*)?)?(?:$|[^\d.:]))\d{1,2}:", re.ASCII)
_NAMED_ZONE: Final = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?:\[[^\]]*\])?$|\d\d:\d\d.*[+-]\d\d$", re.ASCII)

#: Days between 1954 and 2064 as spreadsheets count them.
_SERIALS: Final = range(20_000, 60_001)
#: Days between 1880 and 2064 since 1970.
_EPOCH_DAYS: Final = range(-32_900, 34_700)
#: From 1990 to 2100, in each unit.
_UNITS: Final[Mapping[Notation, int]] = {
    Notation.EPOCH_SECONDS: 1,
    Notation.EPOCH_MILLISECONDS: 1_000,
    Notation.EPOCH_MICROSECONDS: 1_000_000,
    Notation.EPOCH_NANOSECONDS: 1_000_000_000,
}
_COUNTED_DAYS: Final[Mapping[Notation, tuple[str, ...]]] = {
    Notation.EXCEL_SERIAL: ("are these days as spreadsheets count them?",),
    Notation.EPOCH_DAYS: ("are these days since 1970?",),
}
_MONTHS_ARE_ENGLISH: Final = (
    "names of months are read in English alone, days without `th`: can the source write 1984-03-07?"
)
_FIRST_SECOND: Final = 631_152_000
_LAST_SECOND: Final = 4_102_444_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a column of days or times is written."""

    fits: int  #: values that are read so
    of: int  #: values
    notation: Notation = Notation.ISO
    patterns: tuple[str, ...] = ()  #: of `strptime`; they stand for the notation
    has_time: bool = False  #: a time of day is written, and not always midnight
    has_zone: bool = True  #: times say their zone, or there are none
    order: DayOrder | None = None  #: what the values told of the order of day and month
    names_months: bool = False  #: of some days the month has a name that is not read
    doubts: tuple[str, ...] = ()

    @property
    def reading(self) -> Reading:
        """How its values are to be read."""
        return Reading(notation=self.notation, formats=self.patterns)

    @property
    def is_clear(self) -> bool:
        """Whether there are values, and nearly all are read."""
        return self.fits >= MOST * self.of > 0


class _Pattern(NamedTuple):
    """One way to write days, but for the order of day and month."""

    day_first: str
    month_first: str

    @property
    def has_order(self) -> bool:
        return self.day_first != self.month_first

    @property
    def leaves_order_open(self) -> bool:
        """Whether people write both orders so; where points part the numbers, the day comes first."""
        return self.has_order and not self.day_first.startswith("%d.")

    def of(self, order: DayOrder) -> str:
        return self.day_first if order == "day" else self.month_first


def written_days(
    values: Sequence[JsonValue], *, is_birth: bool = False, hint: DayOrder | None = None, counts: bool = True
) -> Written:
    """Find out how days or times are written.

    Args:
        values: single values of the column, without those that stand for none.
        is_birth: people are born then, so that the century matters.
        hint: the order of day and month elsewhere in the table, for values that leave it open.
        counts: bare numbers may count days or seconds; whether they do is to be seen by the column's name.
    """
    texts = [value if isinstance(value, str) else str(value) for value in values]
    if sum(1 for text in texts if _DIGITS.fullmatch(text)) >= MOST * len(texts) > 0:
        return _of_numbers(texts, is_birth=is_birth, hint=hint) if counts else Written(fits=0, of=len(texts))
    return _of_texts(texts, is_birth=is_birth, hint=hint)


def _of_texts(texts: Sequence[str], *, is_birth: bool, hint: DayOrder | None) -> Written:
    bare = [text for text in texts if not _DIGITS.fullmatch(text) or len(text) == len("YYYYMMDD")]
    iso = {text for text in bare if _reads(text, AS_WRITTEN)}
    other_ways = bare if all(text.isdecimal() for text in iso) else [text for text in bare if text not in iso]
    found: Counter[_Pattern] = Counter()
    tells: Counter[DayOrder] = Counter()
    for text in other_ways:
        for pattern in _patterns(text):
            orders = [order for order in _ORDERS if _reads(text, Reading(formats=(pattern.of(order),)))]
            found[pattern] += bool(orders)
            tells.update(orders if pattern.has_order and len(orders) == 1 else ())
    frequent = [pattern for pattern, count in found.most_common(4) if count > _RARE * len(texts)]
    doubts: list[str] = []
    if is_birth and any("%y" in pattern.day_first for pattern in frequent):
        doubts.append("years are written with two digits: of which century are they?")
        frequent = [pattern for pattern in frequent if "%y" not in pattern.day_first]
    order = _order(tells)
    if order is None and any(pattern.leaves_order_open for pattern in frequent):
        doubts.append(f"does the day or the month come first? {'both do' if len(tells) > 1 else 'no value tells'}")
        order = None if len(tells) > 1 else hint
        frequent = [pattern for pattern in frequent if order is not None or not pattern.leaves_order_open]
    patterns = tuple(dict.fromkeys(pattern.of(order or "day") for pattern in frequent))
    if patterns and not all(text.isdecimal() for text in iso):
        patterns = tuple(dict.fromkeys(("%Y-%m-%d", *patterns)))
    written = _proved(texts, patterns, tells=_order(tells), doubts=doubts)
    named = sum(1 for text in texts if _NAMED_MONTH.fullmatch(text) and not _reads(text, written.reading))
    if named <= _SLIPS * len(texts) or named + written.fits < MOST * len(texts):
        return written
    return replace(written, names_months=True, doubts=(*written.doubts, _MONTHS_ARE_ENGLISH))


def _proved(texts: Sequence[str], patterns: tuple[str, ...], *, tells: DayOrder | None, doubts: list[str]) -> Written:
    reading = Reading(formats=patterns) if patterns else AS_WRITTEN
    read = [text for text in texts if _reads(text, reading)]
    timed = any("%M" in pattern for pattern in patterns) or any(":" in text for text in read)
    has_time = timed and any(_TIME_OF_DAY.search(text) for text in read)
    has_zone = not has_time or all(_NAMED_ZONE.search(text) for text in read)
    return Written(
        fits=len(read),
        of=len(texts),
        patterns=patterns,
        has_time=has_time,
        has_zone=has_zone,
        order=tells,
        doubts=tuple(doubts),
    )


def _of_numbers(texts: Sequence[str], *, is_birth: bool, hint: DayOrder | None) -> Written:
    numbers = [int(float(text)) for text in texts if _DIGITS.fullmatch(text)]
    compact = [text for text in texts if _is_compact(text)]
    if len(compact) >= MOST * len(texts):
        timed = sum(1 for text in compact if len(text.partition(".")[0]) > len("YYYYMMDD"))
        has_time = 2 * timed > len(compact)
        return Written(
            fits=len(compact), of=len(texts), notation=Notation.YYYYMMDD, has_time=has_time, has_zone=not has_time
        )
    year_last = [text for text in texts if _YEAR_LAST.fullmatch(text)]
    if len(year_last) >= MOST * len(texts):
        return _of_days_without_marks(texts, hint)
    for notation, fits in _counted(numbers, is_birth=is_birth):
        if fits >= MOST * len(texts):
            has_time = notation not in (Notation.EXCEL_SERIAL, Notation.EPOCH_DAYS)
            doubts = _COUNTED_DAYS.get(notation, ())
            return Written(fits=fits, of=len(texts), notation=notation, has_time=has_time, doubts=doubts)
    return Written(fits=0, of=len(texts))


def _of_days_without_marks(texts: Sequence[str], hint: DayOrder | None) -> Written:
    """Eight digits with the year at the end."""
    pattern = _Pattern("%d%m%Y", "%m%d%Y")
    told = [[order for order in _ORDERS if _reads(text, Reading(formats=(pattern.of(order),)))] for text in texts]
    order = _order(Counter(orders[0] for orders in told if len(orders) == 1))
    if order is not None:
        return _proved(texts, (pattern.of(order),), tells=order, doubts=[])
    doubts = ["does the day or the month come first? no value tells, or both do"]
    return _proved(texts, () if hint is None else (pattern.of(hint),), tells=None, doubts=doubts)


def _counted(numbers: Sequence[int], *, is_birth: bool) -> Iterator[tuple[Notation, int]]:
    """What numbers may count, likely things first, and how many are of such a size."""
    for notation, unit in _UNITS.items():
        first = -_LAST_SECOND if is_birth else _FIRST_SECOND
        fits = [number for number in numbers if first * unit <= number <= _LAST_SECOND * unit]
        # Of a smaller unit, numbers near 1970 are those of a greater one, too.
        large = max(map(abs, numbers), default=0) >= _FIRST_SECOND * unit // 4
        yield notation, len(fits) if large else 0
    yield Notation.EXCEL_SERIAL, sum(1 for number in numbers if number in _SERIALS)
    yield Notation.EPOCH_DAYS, sum(1 for number in numbers if number in _EPOCH_DAYS) if is_birth else 0


def days_since_1970(values: Sequence[JsonValue]) -> Written:
    """Read numbers as Debezium writes days where no schema comes with them: counts of days since 1970."""
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    fits = sum(1 for number in numbers if number in _EPOCH_DAYS)
    return Written(fits=fits, of=len(values), notation=Notation.EPOCH_DAYS)


def milliseconds_since_1970(values: Sequence[JsonValue]) -> Written:
    """Read numbers as MongoDB writes times: milliseconds since 1970."""
    numbers = [int(str(value)) for value in values if _WHOLE.fullmatch(str(value))]
    has_time = any(number % DAY_MILLISECONDS for number in numbers)
    return Written(fits=len(numbers), of=len(values), notation=Notation.EPOCH_MILLISECONDS, has_time=has_time)


def _order(tells: Counter[DayOrder]) -> DayOrder | None:
    """The order that values tell; None where they tell none, or both."""
    if not tells:
        return None
    (order, count), *others = tells.most_common()
    return order if sum(other for _, other in others) <= _SLIPS * count else None


def _patterns(text: str) -> Iterator[_Pattern]:
    """The ways in which a text may be written."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return
    for day, month in _day_patterns(found):
        around = f"{'%a' + found['after_weekday'] if found['weekday'] else ''}", _time_pattern(found)
        yield _Pattern(f"{around[0]}{day}{around[1]}", f"{around[0]}{month}{around[1]}")


def _day_patterns(found: re.Match[str]) -> Iterator[tuple[str, str]]:
    if found["compact"]:
        yield ("%Y%m%d", "%Y%m%d")
    elif found["a"]:
        mark, year = found["mark"], "%Y" if len(found["c"]) > len("YY") else "%y"
        if len(found["a"]) > len("DD"):
            yield (f"%Y{mark}%m{mark}%d",) * 2
        else:
            yield f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}"
    elif found["x"]:
        gap, end = found["space"], found["end"]
        if len(found["x"]) > len("DD"):
            yield (f"%Y.{gap}%m.{gap}%d{end}",) * 2
        else:
            yield (f"%d.{gap}%m.{gap}{'%Y' if len(found['z']) > len('YY') else '%y'}{end}",) * 2
    elif found["east"]:
        yield (_NUMBER_OF_MONTH.sub("%m", _NUMBER_OF_DAY.sub("%d", f"%Y{found['east'][4:]}")),) * 2
    elif found["day"]:
        gap, year = found["gap"], "%Y" if len(found["year"]) > len("YY") else "%y"
        yield (f"%d{found['after_day']}{gap}{_month(found['month'])}{found['dot']}{gap}{year}",) * 2
    else:
        yield (f"{_month(found['first_month'])} %d, %Y",) * 2


def _month(name: str) -> str:
    return "%b" if len(name) == len("Jan") else "%B"


def _time_pattern(found: re.Match[str]) -> str:
    if found["hour"] is None:
        return ""
    hour = "%I" if found["half"] else "%H"
    seconds = (":%S" if found["seconds"] else "") + (".%f" if found["fraction"] else "")
    half = found["half"].upper().replace("AM", "%p").replace("PM", "%p") if found["half"] else ""
    zone = found["zone"] or ""
    written_zone = zone if zone.strip() in {"UTC", "GMT"} else f"{' ' if zone[:1] == ' ' else ''}%z" if zone else ""
    return f"{found['before']}{hour}:%M{seconds}{half}{written_zone}"


def _is_compact(text: str) -> bool:
    return _YEAR_FIRST.match(text) is not None and _reads(text, Reading(notation=Notation.YYYYMMDD))


def _reads(text: str, reading: Reading) -> bool:
    try:
        read_moment(text, reading)
    except ValueError:
        return False
    return True
