"""What stewards decide, over HTTP."""

from collections.abc import Awaitable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import json_answer, json_list
from api.dependencies import Services, services_of, written
from api.errors import BodyTooLarge, InvalidRequest, NotSentAsJson, UnreadableBody
from api.exact_bodies import ExactRoute
from api.problems import problem_docs
from api.request_documents import NamedRecord
from api.rights import NotASteward, require_steward, visibility_of
from api.verdict_documents import Author, SplitAnswer, SplitRequest, VerdictAnswer, VerdictList, VerdictRequest
from graph_model.errors import MessageRejected
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, VerdictEntry
from graph_model.values.equality import JsonObject
from services.ingestion.batches import UnknownRecord
from services.ingestion.claim import BrokerTrouble
from services.ingestion.writer import NobodyPublishes
from services.lookup.profiles import AmbiguousIdentifier, ProfileGone, UnknownProfile
from services.lookup.record_names import UnreadableRecord
from services.stewardship.consequences import Consequences, consequences_document, observed, records_of_verdict
from services.stewardship.decisions import (
    DecidedSplit,
    Given,
    OneRecord,
    ProfileMoved,
    Signature,
    UnknownVerdict,
    Unsigned,
    VerdictWithdrawn,
    WrongGroups,
)
from services.stewardship.verdict_documents import verdict_document
from services.stewardship.verdict_look_up import Contradiction, RecordMoved
from services.stores.port.errors import ClaimLost, StoreUnavailable

router = APIRouter(tags=["verdicts"], dependencies=[Depends(require_steward)], route_class=ExactRoute)

_LISTED: Final = 1_000

_REFUSALS: Final = (
    InvalidRequest,
    NotASteward,
    Unsigned,
    NobodyPublishes,
    StoreUnavailable,
    ClaimLost,
    BrokerTrouble,
)

#: What can be done with the answer (OpenAPI links).
_WITHDRAWAL: Final = {
    "withdraw": {"operationId": "withdraw_verdict", "parameters": {"verdict_id": "$response.body#/verdict_id"}}
}

_BODY_REFUSALS: Final = (UnreadableBody, NotSentAsJson, BodyTooLarge)


def _responses(status: int, model: type[Any], description: str, *errors: type[Any]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": model, "description": description}, **problem_docs(*errors, *_REFUSALS)}


@router.post(
    "/v1/verdicts",
    summary="Say that two records are one person, or two",
    response_class=Response,
    responses={
        **_responses(
            200,
            VerdictAnswer,
            "it was in force before",
            UnknownRecord,
            UnreadableRecord,
            OneRecord,
            Contradiction,
            RecordMoved,
            *_BODY_REFUSALS,
        ),
        201: {"model": VerdictAnswer, "description": "the verdict is in force", "links": _WITHDRAWAL},
    },
)
async def give_verdict(request: Request, sent: VerdictRequest) -> Response:
    """Bring a verdict into force. When the answer comes, profiles follow it.

    It belongs to the two records, not to their profiles: it holds when they change, when their keys change, when they
    are deleted and come back, and whatever evidence comes later, until it is withdrawn. Giving the same one again
    changes nothing. `profiles` tells which profiles there are now, and `comparison` shows the two rows side by side.

    ```
    curl localhost:8080/v1/verdicts -H 'Content-Type: application/json' -d '{
      "judgement": "different", "reason": "father and son", "author": "kim@example.com",
      "records": [{"source": "crm", "key": [1]}, {"source": "web_shop", "key": [50001]}]}'
    ```
    """
    one, other = map(_address, sent.records)
    signature = Signature(author=sent.author, reason=sent.reason)
    judgement = Judgement(sent.judgement)

    def give(services: Services) -> Awaitable[tuple[Given, Consequences]]:
        decision = partial(services.stewardship.give, judgement, one, other, signature)
        return observed(services.store, services.catalogue, (one, other), decision, lambda given: given.entry)

    given, consequences = await written(request, give)
    body = verdict_document(given.entry) | _told(request, consequences)
    return json_answer(body, HTTPStatus.CREATED if given.is_new else HTTPStatus.OK)


@router.get(
    "/v1/verdicts",
    summary="List verdicts",
    response_class=Response,
    responses=_responses(200, VerdictList, "the ledger, withdrawn verdicts included"),
)
async def list_verdicts(
    request: Request,
    after: Annotated[str, Query(max_length=32, description="id of the last verdict that is known already")] = "",
    limit: Annotated[int, Query(ge=1, le=_LISTED, description="so many at the most")] = 100,
) -> Response:
    """Everything that stewards have decided, oldest first.

    ```
    curl localhost:8080/v1/verdicts
    ```
    """
    found: list[VerdictEntry] = []
    async for entry in services_of(request).store.scan_verdicts(after):
        found.append(entry)
        if len(found) > limit:
            break
    listed = (orjson.dumps(verdict_document(entry)) for entry in found[:limit])
    return await json_list("verdicts", listed, complete=len(found) <= limit)


@router.delete(
    "/v1/verdicts/{verdict_id}",
    summary="Withdraw a verdict",
    response_class=Response,
    responses=_responses(200, VerdictAnswer, "it is withdrawn", UnknownVerdict, VerdictWithdrawn),
)
async def withdraw_verdict(request: Request, verdict_id: str, author: Annotated[Author, Query()]) -> Response:
    """Take a verdict back; profiles are then what the evidence says without it. The ledger keeps it.

    ```
    curl -X DELETE 'localhost:8080/v1/verdicts/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b?author=kim@example.com'
    ```
    """

    async def withdraw(services: Services) -> tuple[VerdictEntry, Consequences]:
        named = await records_of_verdict(services.store, verdict_id)
        decision = partial(services.stewardship.withdraw, verdict_id, author)
        return await observed(services.store, services.catalogue, named, decision, lambda entry: entry)

    entry, consequences = await written(request, withdraw)
    return json_answer(verdict_document(entry) | _told(request, consequences))


@router.post(
    "/v1/profiles/{profile_id}/split",
    summary="Split a profile",
    response_class=Response,
    responses=_responses(
        200,
        SplitAnswer,
        "each group is a profile",
        UnknownProfile,
        ProfileGone,
        AmbiguousIdentifier,
        UnreadableRecord,
        WrongGroups,
        Contradiction,
        ProfileMoved,
        *_BODY_REFUSALS,
    ),
)
async def split_profile(request: Request, profile_id: str, sent: SplitRequest) -> Response:
    """Make a profile that is several people into one for each of them, by one verdict on groups of records.

    Every record of the profile is named in exactly one group. The group with most records keeps the profile's id.

    ```
    curl localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b/split -H 'Content-Type: application/json' -d '{
      "reason": "father and son", "author": "kim@example.com",
      "groups": [[{"source": "crm", "key": [1]}], [{"source": "web_shop", "key": [50001]}]]}'
    ```
    """
    groups = [[_address(record) for record in group] for group in sent.groups]
    signature = Signature(author=sent.author, reason=sent.reason)
    named = [address for group in groups for address in group]

    def separate(services: Services) -> Awaitable[tuple[DecidedSplit, Consequences]]:
        decision = partial(services.stewardship.split, profile_id, groups, signature)
        return observed(services.store, services.catalogue, named, decision, lambda split: split.verdict)

    split, consequences = await written(request, separate)
    body = {"profile_ids": split.profile_ids, "verdicts": [verdict_document(split.verdict)]}
    return json_answer(body | _told(request, consequences))


def _told(request: Request, consequences: Consequences) -> JsonObject:
    return consequences_document(consequences, visibility_of(request))


def _address(record: NamedRecord) -> RecordAddress:
    try:
        return RecordAddress.of(record.source, record.key)
    except MessageRejected as rejected:
        raise UnreadableRecord(rejected.reason) from rejected
