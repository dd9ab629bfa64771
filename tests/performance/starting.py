"""The start of commands beside Python that only imports the libraries which every command needs."""

from benchmarks.command_start import measured_pairs
from tests.performance.pairs import ROUNDS, share_of_raw


async def measure() -> dict[str, float]:
    """Which shares of the libraries' speed are reached: below 1 where a command takes longer than they."""
    return {f"start of `{name}`": share_of_raw(pairs) for name, pairs in measured_pairs(ROUNDS).items()}
