"""From form 3 to form 4: the embedded store writes ids as bytes, documents compressed, and of old events only heads.

All that is how tables are written (`MigratingStore.rewrite_tables`): no document says anything else than before.
"""

from typing import Final

from services.maintenance.migration.steps import Step, TakeCatalogue

STEPS: Final[tuple[Step, ...]] = (TakeCatalogue("catalogue"),)
