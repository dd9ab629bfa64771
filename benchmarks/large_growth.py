"""Whether a file of three million records is as fast as one of a hundred thousand: what `growth` measures, further on.

It has a run of its own since it takes a quarter of an hour, most of it for growing.
"""

from typing import Final

from benchmarks import growth
from benchmarks.figures import Figure

MARKS: Final = (growth.BASE, 3_000_000)


async def measure() -> list[Figure]:
    """The figures of `growth` at these marks."""
    return await growth.measure(MARKS)
