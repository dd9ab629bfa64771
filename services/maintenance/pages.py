"""Scans in portions, for whoever works on several rows together."""

from collections.abc import AsyncIterator
from typing import Final, TypeVar

Row = TypeVar("Row")

#: So many rows are held at once, unless told otherwise.
PAGE: Final = 1_000


async def pages(scan: AsyncIterator[Row], size: int = PAGE) -> AsyncIterator[list[Row]]:
    """Gather what a scan gives into lists of `size` rows; the last one may be shorter."""
    page: list[Row] = []
    async for row in scan:
        page.append(row)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
