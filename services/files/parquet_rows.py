"""Reads rows of Parquet files. The library is an extra; without it the refusal names the extra."""

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from types import ModuleType
from typing import Any, BinaryIO, Final, TypeAlias

from services.files.arrow_values import ArrowReaders, whole, whole_object
from services.files.cells import Cell, Refused, RowCells
from services.files.columns import readable_columns
from services.files.extras import library
from services.files.lines import BadLine, FileEntry, Unreadable, Warn
from services.files.unpacking import NoRows

#: Of a library that has no stubs and may not be installed.
ParquetFile: TypeAlias = Any
#: The columns of some rows.
Columns: TypeAlias = list[list[Cell]]

_BATCH_ROWS: Final = 1_000
#: So much of a column is read at a time.
_BUFFER_BYTES: Final = 1_000_000
#: The characters of a moment without its fraction of a second.
_SECOND: Final = len("1984-03-07T12:30:00")


def read_parquet(stream: BinaryIO, used: Collection[str] | None, warn: Warn) -> Iterator[FileEntry]:
    """Read a Parquet file, in portions; the line of a row is its number.

    Args:
        stream: the bytes, which can be searched.
        used: columns that are of any use; None: all. What cannot be read of others costs a warning.
        warn: told once of columns, or values of them, that are not read.

    Raises:
        NoRows: it cannot be read, or not from some row on, or the extra is missing.
    """
    parquet, arrow = library("pyarrow.parquet", "parquet"), library("pyarrow", "parquet")
    try:
        file = _opened(parquet, stream)
        names = file.schema_arrow.names
        if not names:
            raise NoRows("a Parquet file without a column")
        rows = RowCells(readable_columns(names, used, warn), used, warn)
        portions = _columns(file, ArrowReaders(arrow, warn))
        if _has_long_times(file):
            rough = _opened(parquet, stream, coerce_int96_timestamp_unit="us")
            portions = _long_times(portions, _columns(rough, ArrowReaders(arrow, _say_nothing)))
        number = count(1)
        for columns in portions:
            for cells in zip(*columns, strict=True):
                yield rows.entry(next(number), cells)
    except Unreadable as error:
        yield BadLine(1, f"{error}; without a header no row of the file can be read")
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        # What the error says beyond that may quote data.
        what = "an encrypted Parquet file; decrypt it" if "crypt" in str(error) else None
        raise NoRows(what or "a Parquet file that cannot be read: it is damaged, or not complete") from None


def _opened(parquet: ModuleType, stream: BinaryIO, **options: str) -> ParquetFile:
    return parquet.ParquetFile(stream, buffer_size=_BUFFER_BYTES, page_checksum_verification=True, **options)


def _columns(file: ParquetFile, readers: ArrowReaders) -> Iterator[Columns]:
    """The columns of every portion."""
    reading = [readers.of(field.type, field.name) for field in file.schema_arrow]
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        yield [reader(column) for reader, column in zip(reading, batch.columns, strict=True)]


def _long_times(portions: Iterator[Columns], rough: Iterator[Columns]) -> Iterator[Columns]:
    """What was read once with times as nanoseconds, of which those before 1677 and after 2262 have become others.

    Args:
        portions: it.
        rough: the same with times as microseconds, which have lost digits.
    """
    for pair in zip(portions, rough, strict=True):
        yield [list(map(_of_both, *columns)) for columns in zip(*pair, strict=True)]


def _has_long_times(file: ParquetFile) -> bool:
    """Whether a column has times of 96 bits, as Impala, Hive and Spark wrote them."""
    return any(file.schema.column(place).physical_type == "INT96" for place in range(len(file.schema)))


def _of_both(exact: Cell, rough: Cell) -> Cell:
    """What was read as nanoseconds and as microseconds: the exact one, unless it has become another time."""
    if exact == rough or isinstance(exact, Refused) or isinstance(rough, Refused):
        return exact
    if isinstance(exact, str) and isinstance(rough, str):
        return exact if exact[:_SECOND] == rough[:_SECOND] else rough
    if isinstance(exact, list) and isinstance(rough, list):
        return whole(list(map(_of_both, exact, rough)))
    if isinstance(exact, Mapping) and isinstance(rough, Mapping):
        return whole_object(list(exact), list(map(_of_both, exact.values(), rough.values())))
    return exact


def _say_nothing(_: str) -> None:
    """What a file has to tell is told once."""
