import pytest

from services.stores.gremlin.faults import server_fault, socket_faults
from services.stores.gremlin.neptune_faults import Overloaded, WriterMoved
from services.stores.gremlin.signing import AccessRefused
from services.stores.port.errors import CommitConflict, CommitTooLarge, StoreError, StoreUnavailable

TRANSACTION = "org.apache.tinkerpop.gremlin.structure.util.TransactionException"
ILLEGAL = "java.lang.IllegalArgumentException"


@pytest.mark.parametrize(
    ("code", "message", "exceptions", "expected"),
    [
        (500, "Conflict: element modified in another transaction", [TRANSACTION], CommitConflict),
        (500, "Vertex with id already exists: identifier:email:ann@example.com", [ILLEGAL], CommitConflict),
        (500, "Vertex id could not be resolved from mergeE", [ILLEGAL], CommitConflict),
        (500, '{"code":"ConcurrentModificationException"}', [], CommitConflict),
        (500, "", ["java.lang.StackOverflowError"], CommitTooLarge),
        (595, "fail() Step Triggered", [], CommitConflict),
        (596, "Try again", [], StoreUnavailable),
        (598, "A timeout occurred", [], StoreUnavailable),
        (401, "Username and/or password are incorrect", [], StoreError),
        (500, "Something else", [ILLEGAL], StoreError),
    ],
)
def test_answers_of_the_server_become_errors_of_the_store(
    code: int, message: str, exceptions: list[str], expected: type[StoreError]
) -> None:
    assert type(server_fault(code, message, {"exceptions": exceptions})) is expected


def neptune(code: str) -> str:
    return f'{{"requestId":"0","code":"{code}","detailedMessage":"identifier:email:ann@example.com"}}'


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (500, "ConcurrentModificationException", CommitConflict),
        (400, "ConstraintViolationException", CommitConflict),
        (500, "ThrottlingException", Overloaded),
        (429, "TooManyRequestsException", Overloaded),
        (429, "", Overloaded),
        (500, "MemoryLimitExceededException", Overloaded),
        (400, "QueryTooLargeException", CommitTooLarge),
        (400, "ReadOnlyViolationException", WriterMoved),
        (500, "TimeLimitExceededException", StoreUnavailable),
        (403, "AccessDeniedException", AccessRefused),
        (400, "MalformedQueryException", StoreError),
    ],
)
def test_answers_of_neptune_become_errors_of_the_store(status: int, code: str, expected: type[StoreError]) -> None:
    fault = server_fault(status, neptune(code), {})
    assert type(fault) is expected
    assert "ann" not in str(fault)


def test_a_request_that_neptune_ended_names_the_parameter_of_the_cluster() -> None:
    assert "neptune_query_timeout" in str(server_fault(500, neptune("TimeLimitExceededException"), {}))


def test_an_error_repeats_nothing_of_what_the_server_says() -> None:
    fault = server_fault(500, "Vertex with id already exists: identifier:email:ann@example.com", {})
    assert "ann" not in str(fault)


def test_an_error_names_the_status_and_the_classes() -> None:
    assert "status 500: IllegalArgumentException" in str(server_fault(500, "", {"exceptions": [ILLEGAL]}))


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), OSError()], ids=repr)
def test_errors_of_the_socket_mean_that_the_store_is_unavailable(error: Exception) -> None:
    with pytest.raises(StoreUnavailable, match=type(error).__name__), socket_faults():
        raise error
