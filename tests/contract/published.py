"""A broker that has everything at once."""

from services.ingestion.ingest import Committed
from services.stores.port.protocols import Outbox


class Published:
    """Takes commits to publish, and acknowledges them."""

    def __init__(self) -> None:
        self.commits: list[Committed] = []

    async def __call__(self, outbox: Outbox, committed: tuple[Committed, ...]) -> None:
        """See `services.ingestion.claim.Publish`."""
        for commit in committed:
            self.commits.append(commit)
            await outbox.acknowledge(commit.commit_id)
