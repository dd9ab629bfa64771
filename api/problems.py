"""Every error's way to the caller: one table from error type to problem document (RFC 9457).

A problem of the caller says what to change, in the error's own words. A problem of ours says only that there
is one: what went wrong inside is for the log and the operator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from api.documents import fields_at
from api.errors import (
    ApiError,
    BodyTooLarge,
    InvalidCursor,
    InvalidRequest,
    NoEventStream,
    NotAcceptable,
    NotReady,
    NotSentAsJson,
    UnknownHost,
    UnreadableBody,
)
from api.failures import note_failure
from api.rights import NotASteward
from graph_model.errors import MOST_TOLD, CatalogueError, IdentityGraphError, MessageRejected
from graph_model.profile.document import ProfileDamaged
from graph_model.values.patterns import PatternRefused
from services.context.prompt import BudgetTooSmall
from services.ingestion.acceptance import ClockAhead
from services.ingestion.batches import UnknownRecord
from services.ingestion.claim import BrokerTrouble
from services.ingestion.intake import IntakeRefused, SourceFedByTopic, UnknownSource
from services.ingestion.writer import NobodyPublishes
from services.lookup.profiles import (
    AmbiguousIdentifier,
    BlockedIdentifier,
    LookupFailed,
    ProfileGone,
    UnknownIdentifier,
    UnknownIdentifierKind,
    UnknownProfile,
    UnreadableIdentifier,
)
from services.lookup.record_names import UnreadableRecord
from services.stewardship.decisions import (
    OneRecord,
    ProfileMoved,
    UnknownVerdict,
    Unsigned,
    VerdictWithdrawn,
    WrongGroups,
)
from services.stewardship.verdict_look_up import Contradiction, DecisionRefused, RecordMoved
from services.stores.port.errors import (
    CatalogueChanged,
    CatalogueUnusable,
    ClaimLost,
    CommitConflict,
    CommitTooLarge,
    OtherForm,
    StoreDamaged,
    StoreError,
    StoreReplaced,
    StoreUnavailable,
    TaskTaken,
    UnsafeStore,
)

MEDIA_TYPE: Final = "application/problem+json"

#: Characters of the place of a fault.
_LONGEST_PLACE: Final = 200

#: Characters of a detail: what is to be done does not get clearer with more of them.
_LONGEST_DETAIL: Final = 8_000

#: What an address may take.
_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """How an error is reported; without a fixed detail, in its own words."""

    status: HTTPStatus
    slug: str
    title: str
    detail: str | None = None


_UNAVAILABLE = "the store does not answer or is being replaced; try again in a moment, or ask the operator"
_INTERNAL = ProblemType(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal-error",
    "Something failed inside the service",
    "the request was not answered; the log of the service names the failure",
)

_DAMAGED: Final = ProblemType(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "store-damaged",
    "The store contradicts itself",
    "what is stored contradicts itself; the operator finds out what and mends it with `identity-graph verify --repair`",
)

PROBLEMS: Final[Mapping[type[IdentityGraphError], ProblemType]] = {
    IdentityGraphError: _INTERNAL,
    ApiError: _INTERNAL,
    LookupFailed: _INTERNAL,
    IntakeRefused: _INTERNAL,
    CatalogueError: _INTERNAL,
    PatternRefused: _INTERNAL,
    StoreError: _INTERNAL,
    MessageRejected: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "change-rejected", "The change cannot be used"),
    BudgetTooSmall: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "budget-too-small", "No context fits into this token budget"
    ),
    UnknownProfile: ProblemType(HTTPStatus.NOT_FOUND, "unknown-profile", "There is no such profile"),
    UnknownIdentifier: ProblemType(HTTPStatus.NOT_FOUND, "unknown-identifier", "Nobody has this identifier"),
    UnknownIdentifierKind: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-identifier-kind", "There is no such kind of identifier"
    ),
    UnreadableIdentifier: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-identifier", "The value is none of its kind"
    ),
    BlockedIdentifier: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "blocked-identifier", "This value identifies nobody"
    ),
    AmbiguousIdentifier: ProblemType(
        HTTPStatus.CONFLICT, "ambiguous-identifier", "This does not lead to exactly one person"
    ),
    ProfileGone: ProblemType(HTTPStatus.GONE, "profile-gone", "This profile has no records any more"),
    UnknownSource: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-source", "There is no such source"),
    SourceFedByTopic: ProblemType(HTTPStatus.CONFLICT, "source-fed-by-topic", "Kafka carries this source"),
    NobodyPublishes: ProblemType(HTTPStatus.CONFLICT, "nobody-publishes", "Nothing is written over HTTP here"),
    DecisionRefused: _INTERNAL,
    UnknownRecord: ProblemType(HTTPStatus.NOT_FOUND, "unknown-record", "There is no such record"),
    UnreadableRecord: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-record", "This names no record of any source"
    ),
    NotASteward: ProblemType(HTTPStatus.UNAUTHORIZED, "not-a-steward", "This is for stewards"),
    UnknownVerdict: ProblemType(HTTPStatus.NOT_FOUND, "unknown-verdict", "There is no such verdict"),
    VerdictWithdrawn: ProblemType(HTTPStatus.CONFLICT, "verdict-withdrawn", "The verdict was withdrawn before"),
    OneRecord: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "one-record", "A verdict is about two records"),
    Contradiction: ProblemType(HTTPStatus.CONFLICT, "contradiction", "Verdicts in force say the opposite"),
    WrongGroups: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-groups", "The groups are not the records of the profile"
    ),
    Unsigned: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "unsigned", "A verdict has an author and a reason"),
    RecordMoved: ProblemType(HTTPStatus.CONFLICT, "record-moved", "The key of the record is changing"),
    ProfileMoved: ProblemType(HTTPStatus.CONFLICT, "profile-moved", "The profile has changed meanwhile"),
    TaskTaken: _INTERNAL,
    CatalogueChanged: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "catalogue-changed",
        "Another catalogue is in force",
        "another catalogue has just come into force, and this process takes it now; send the request again",
    ),
    CatalogueUnusable: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "catalogue-changed",
        "Another catalogue is in force, which this process cannot load",
        "the operator must start this process again with the catalogue that came into force: `serve --catalogue FILE`; "
        "/readyz says why it could not be loaded",
    ),
    OtherForm: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "catalogue-changed",
        "The store is in another form, or is being brought into one",
        "the operator must finish the migration, or start the version of this program that made it; /readyz says which",
    ),
    UnsafeStore: _INTERNAL,
    StoreUnavailable: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", "The store does not answer", _UNAVAILABLE
    ),
    StoreReplaced: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", "The store was replaced", _UNAVAILABLE
    ),
    StoreDamaged: _DAMAGED,
    ProfileDamaged: _DAMAGED,
    CommitConflict: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "commit-conflict",
        "Others changed the same data at the same time",
        "the changes may not be in force; sending them again is safe",
    ),
    CommitTooLarge: ProblemType(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "change-too-large",
        "One change is more than the store takes",
        "what a single row changes is too large for the store; make its values smaller",
    ),
    BrokerTrouble: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "events-unpublished",
        "The events of the change cannot be published",
        "the broker takes no events now, of which /readyz says more; the changes may be in force, with their events "
        "kept until it does, and sending them again is safe",
    ),
    ClaimLost: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "claim-lost",
        "Another process has taken over what this one left to be published",
        "another process has published what waited here for too long; nothing was written, so send the request again",
    ),
    ClockAhead: ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "clock-ahead",
        "The clock of this machine is more than a day ahead",
        "rows without a log are numbered by this machine's clock; the operator must set it right and start the process "
        "again",
    ),
    InvalidRequest: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The request is not valid"),
    UnreadableBody: ProblemType(HTTPStatus.BAD_REQUEST, "unreadable-body", "The body cannot be read"),
    BodyTooLarge: ProblemType(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", "The body is too large"),
    UnknownHost: ProblemType(HTTPStatus.MISDIRECTED_REQUEST, "unknown-host", "This service has another name"),
    NotSentAsJson: ProblemType(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-sent-as-json", "The body was not sent as JSON"),
    NotAcceptable: ProblemType(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", "The answer has no form that is accepted"),
    InvalidCursor: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-cursor", "The cursor cannot be read"),
    NoEventStream: ProblemType(HTTPStatus.NOT_IMPLEMENTED, "no-event-stream", "Events are not streamed here"),
    NotReady: ProblemType(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", "The service is not ready"),
}

#: Status -> name and detail of what HTTP itself objects to.
_HTTP_PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: ("unreadable-body", "the body cannot be read; JSON in UTF-8 is expected"),
    HTTPStatus.NOT_FOUND: ("not-found", "nothing is served at this address; /docs lists what there is"),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method-not-allowed",
        "this address does not take this method; /docs lists what it takes",
    ),
}


#: What HTTP wants beside the body (RFC 9110).
_HEADERS: Final = {
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
}


def problem_type(error: type[BaseException]) -> ProblemType:
    """Find the row of an error's type, or of the nearest type that it descends from."""
    return next((PROBLEMS[base] for base in error.__mro__ if base in PROBLEMS), _INTERNAL)


def problem_response(
    problem: ProblemType, detail: str, extra: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a problem document."""
    told = problem.detail or detail
    body = {
        "type": f"urn:identity-graph:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status.value,
        "detail": told if len(told) <= _LONGEST_DETAIL else f"{told[:_LONGEST_DETAIL]}…",
        **(extra or {}),
    }
    wanted = {**_HEADERS.get(problem.status, {}), **(headers or {})}
    return Response(orjson.dumps(body), problem.status.value, wanted, media_type=MEDIA_TYPE)


def internal_problem() -> Response:
    """The answer to a failure that nobody foresaw."""
    return problem_response(_INTERNAL, "")


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of this product, of validation and of routing with a problem document."""
    app.add_exception_handler(IdentityGraphError, product_problem)
    app.add_exception_handler(RequestValidationError, validation_problem)
    app.add_exception_handler(HTTPException, _http_problem)


def problem_docs(*errors: type[IdentityGraphError]) -> dict[int | str, dict[str, Any]]:
    """Describe, for the API's schema, the problems that an operation may answer with."""
    described: dict[int | str, dict[str, Any]] = {}
    for problem in dict.fromkeys(map(problem_type, errors)):
        entry = described.setdefault(problem.status.value, {"titles": []})
        entry["titles"].append(f"`{problem.slug}`: {problem.title.lower()}")
    return {status: _documented("; ".join(entry["titles"])) for status, entry in described.items()}


def _documented(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


async def product_problem(request: Request, error: Exception) -> Response:
    """The answer to an error of this product, which the request notes."""
    problem = problem_type(type(error))
    note_failure(request.scope, error, problem.slug)
    return problem_response(problem, str(error), _extra(error))


def _extra(error: Exception) -> Mapping[str, Any] | None:
    """What a program can use of an error, beside its words."""
    if isinstance(error, Contradiction):
        named = [verdict.verdict_id for verdict in error.verdicts[:MOST_TOLD]]
        return {"verdicts": named, "verdicts_total": len(error.verdicts)}
    if isinstance(error, UnknownRecord):
        return {"record": {"source": error.address.source, "key": error.address.written_key}}
    return None


async def validation_problem(request: Request, error: Exception) -> Response:
    """The answer to parameters or a body of another shape, which names the fields at fault."""
    if not isinstance(error, RequestValidationError):
        return internal_problem()
    faults = error.errors()
    errors = [_field_problem(fault, request) for fault in faults[:MOST_TOLD]]
    named = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in errors)
    if len(faults) > MOST_TOLD:
        named += f"; and {len(faults) - MOST_TOLD:,} more"
    return problem_response(problem_type(InvalidRequest), named, {"errors": errors, "errors_total": len(faults)})


def _field_problem(fault: Mapping[str, Any], request: Request) -> dict[str, str]:
    """Name the field and what is wrong with it; never repeat the value, which may be somebody's."""
    location: Sequence[str | int] = fault["loc"]
    field = ".".join(map(str, location)).encode(errors="replace").decode()
    if len(field) > _LONGEST_PLACE:
        field = f"{field[:_LONGEST_PLACE]}…"
    if fault["type"] == "extra_forbidden":
        expected = ", ".join(fields_at(request.scope["route"].body_field.field_info.annotation, location[1:-1]))
        return {"field": field, "problem": f"unknown field; expected one of: {expected}"}
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "string_too_long":
        message += f", found {len(fault['input']):,}"
    return {"field": field, "problem": message}


async def _http_problem(request: Request, error: Exception) -> Response:
    """Tell what HTTP itself objects to: an unknown address, a method."""
    if not isinstance(error, HTTPException):
        return internal_problem()
    status = HTTPStatus(error.status_code)
    slug, detail = _HTTP_PROBLEMS.get(status, ("http-error", error.detail))
    headers = {"Allow": _allowed(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem_response(ProblemType(status, slug, status.phrase), detail, headers=headers)


def _allowed(request: Request) -> str:
    """The methods that the address takes; routing knows only those of the first operation there."""
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", "")}
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    found = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ] or ["GET"]  # a file
    return ", ".join(found + ["HEAD"] * ("GET" in found))
