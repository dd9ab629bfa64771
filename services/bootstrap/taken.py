"""What became of the changes that a load has read, kept in its spool, so that whoever ends the load tells of all."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import orjson

from graph_model.records.record import Outcome
from services.files.unread_values import UnreadValues


@dataclass(slots=True)
class Taken:
    """What became of changes."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  #: (source, outcome) -> changes
    rewound: Counter[str] = field(default_factory=Counter)
    """Source -> changes; see `graph_model.records.record.AppliedChange.is_rewound`."""
    unread: UnreadValues = field(default_factory=UnreadValues)
    truncated: int = 0  #: records read to delete those of truncated tables

    def to_json(self) -> str:
        """As it is kept."""
        kept = {
            "outcomes": [[source, outcome.value, count] for (source, outcome), count in self.outcomes.items()],
            "rewound": self.rewound,
            "unread": self.unread.to_kept(),
            "truncated": self.truncated,
        }
        return orjson.dumps(kept).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        kept = orjson.loads(text)
        return cls(
            Counter({(source, Outcome(outcome)): count for source, outcome, count in kept["outcomes"]}),
            Counter(kept["rewound"]),
            UnreadValues.from_kept(kept["unread"]),
            kept["truncated"],
        )
