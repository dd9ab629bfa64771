"""What of the law itself the catalogue depends on."""

from typing import Final

#: So many records at the most are joined into one profile; above it the weakest evidence is dropped, never a verdict.
COMPONENT_LIMIT = 1_000

#: Enters the catalogue's fingerprint; raised when the same records and verdicts give another result.
LAW_VERSION: Final = "2"

#: Enters the catalogue's fingerprint; raised when a column's value becomes another text before it is normalised.
IDENTIFIER_VALUES_VERSION: Final = "1"
