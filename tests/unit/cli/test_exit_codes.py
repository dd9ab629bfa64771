"""What scripts can rely on."""

from collections.abc import Iterator

import pytest

from cli.exit_codes import ExitCode, UsageRefused
from cli.failing import exit_code
from consumers.errors import BrokerUnavailable
from graph_model.errors import CatalogueError, IdentityGraphError, MessageRejected
from services.lookup.profiles import UnknownProfile
from services.stores.port.errors import CatalogueChanged, StoreDamaged, StoreError, StoreReplaced, StoreUnavailable


def every_error(base: type[IdentityGraphError] = IdentityGraphError) -> Iterator[type[IdentityGraphError]]:
    yield base
    for kind in base.__subclasses__():
        yield from every_error(kind)


@pytest.mark.parametrize("kind", sorted(every_error(), key=str))
def test_no_error_of_ours_is_taken_for_a_fault(kind: type[IdentityGraphError]) -> None:
    assert exit_code(kind.__new__(kind)) is not ExitCode.FAULT


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CatalogueError("catalogue.yaml", ["wrong"]), ExitCode.MISUSED),
        (CatalogueChanged("a", "b"), ExitCode.MISUSED),
        (StoreReplaced("another one"), ExitCode.MISUSED),
        (StoreError("no such store"), ExitCode.MISUSED),
        (StoreDamaged("a record is in no profile"), ExitCode.REFUSED),
        (UsageRefused("no such file"), ExitCode.MISUSED),
        (StoreUnavailable("away"), ExitCode.UNAVAILABLE),
        (BrokerUnavailable("away"), ExitCode.UNAVAILABLE),
        (UnknownProfile(), ExitCode.REFUSED),
        (MessageRejected("map", "no key"), ExitCode.REFUSED),
        (ZeroDivisionError(), ExitCode.FAULT),
    ],
)
def test_the_code_tells_what_can_be_done(error: Exception, expected: ExitCode) -> None:
    assert exit_code(error) is expected
