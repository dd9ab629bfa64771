"""From form 2 to form 3: a record may say when it was accepted, and that its source did not say how old it is.

A record that says neither was accepted when its source said it, so no document changes. Programs of form 2 would lose
what records of form 3 say, which is why the form is another one.
"""

from typing import Final

from services.maintenance.migration.steps import Step, TakeCatalogue

STEPS: Final[tuple[Step, ...]] = (TakeCatalogue("catalogue"),)
