"""Brings a store from the form in which it was written into the present one.

It first shuts everybody else out, brings the tables into the present form, with which all that follows works, then runs
in small steps, each of which leaves a mark in the store, and sets the version last. Killed at any place, it goes on
where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from services.maintenance.migration import form_2, form_3, form_4
from services.maintenance.migration.steps import Checkpoint, Opened, Progress, Step, Work
from services.stores.port.errors import LaterForm, StoreError
from services.stores.port.migration import MigratingStore
from services.stores.port.stored_form import SCHEMA_VERSION

#: Form -> the steps to the next one.
MIGRATIONS: Final[Mapping[int, Sequence[Step]]] = {1: form_2.STEPS, 2: form_3.STEPS, 3: form_4.STEPS}


class UnknownStep(StoreError):
    """Another version of this program has begun the migration."""

    def __init__(self, step: str) -> None:
        super().__init__(
            f"the migration of this store was begun by another version of this program, and has come to the step "
            f"{step!r}, which this one does not know: finish it with the version that began it"
        )


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run found and made."""

    found: int  #: the form that the store was in
    version: int  #: the form that it is in now
    resumed: bool = False  #: whether an interrupted migration was finished


async def migrate(
    store: MigratingStore, opened: Callable[[], AbstractAsyncContextManager[Opened]], progress: Progress
) -> Migrated:
    """Bring a store into the present form; does nothing where it is in it.

    Args:
        store: nobody else can work on it until it is done.
        opened: opens the same store for what must be resolved; asked while it is being migrated.
        progress: hears how far it is.

    Raises:
        LaterForm: a later version of this program wrote the store.
        MigrationTaken: another process has gone on with the migration.
        UnknownStep: another version of this program has begun it.
        StoreError, ConsumerError: the store cannot be used, or the events cannot be published; what is done stays, and
            the next run goes on from there.
    """
    found = await store.read_form()
    if found is None:
        return Migrated(SCHEMA_VERSION, SCHEMA_VERSION)
    if found.version > SCHEMA_VERSION:
        raise LaterForm(found.version, SCHEMA_VERSION)
    if found.version == SCHEMA_VERSION:
        return Migrated(found.version, found.version)
    mark = _first(found.version) if found.mark is None else Checkpoint.of(found.mark)
    if mark.step not in {step.name for step in MIGRATIONS[found.version]}:
        raise UnknownStep(mark.step)
    await store.begin(found, mark.to_json())
    await store.rewrite_tables(progress)
    for version in range(found.version, SCHEMA_VERSION):
        work = Work(store=store, version=version, open=opened, progress=progress)
        await _run(work, mark)
        mark = _first(version + 1) if version + 1 < SCHEMA_VERSION else mark
        last = version + 1 == SCHEMA_VERSION
        await store.move_mark(version + 1, None if last else mark.to_json())
    return Migrated(found.version, SCHEMA_VERSION, resumed=found.mark is not None)


async def _run(work: Work, mark: Checkpoint) -> None:
    """Do the steps of one migration, from a mark on."""
    steps = MIGRATIONS[work.version]
    names = [step.name for step in steps]
    for step in steps[names.index(mark.step) :]:
        after = mark.after if step.name == mark.step else None
        await work.mark(Checkpoint(step.name, after))
        await step.run(work, after)


def _first(version: int) -> Checkpoint:
    return Checkpoint(MIGRATIONS[version][0].name)
