"""Prompt context: what to tell a language model about a person."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response

from api.answers import preferred_media_type
from api.dependencies import Services, header_parameter, services_of
from api.documents import ContextAnswer
from api.errors import BodyTooLarge, InvalidRequest, NotAcceptable, NotSentAsJson, UnreadableBody
from api.exact_bodies import ExactRoute
from api.problems import problem_docs
from api.request_documents import ContextRequest
from graph_model.profile.codec import decode_profile
from graph_model.profile.document import ProfileDamaged
from graph_model.values.identifiers import IdentifierKind
from graph_model.values.times import DAY_MILLISECONDS
from services.context.prompt import NOTICE, BudgetTooSmall, build_context
from services.context.tokens import ENCODING, count_tokens
from services.lookup.profiles import (
    AmbiguousIdentifier,
    BlockedIdentifier,
    ProfileGone,
    UnknownIdentifier,
    UnknownIdentifierKind,
    UnknownProfile,
    UnreadableIdentifier,
    one_by_id,
    one_by_identifier,
    read_identifier,
)
from services.stores.port.errors import StoreUnavailable
from services.stores.port.stored import StoredProfile

router = APIRouter(prefix="/v1/context", tags=["context"], route_class=ExactRoute)

#: A conversation asks for the same person's context at every turn.
_KEPT_ANSWERS: Final = 1_000
#: Bytes of a profile whose answers are kept: few are larger, and with their answers they would take memory for others.
_LARGEST_KEPT: Final = 32_768

_OFFERED: Final = ("application/json", "text/markdown", "text/plain")

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": ContextAnswer,
        "description": "the context; as `text/markdown` or `text/plain` only its text",
        "content": {"text/markdown": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}},
    },
    **problem_docs(
        InvalidRequest,
        UnreadableBody,
        NotSentAsJson,
        BodyTooLarge,
        NotAcceptable,
        UnknownIdentifier,
        UnknownProfile,
        AmbiguousIdentifier,
        ProfileGone,
        UnknownIdentifierKind,
        UnreadableIdentifier,
        BlockedIdentifier,
        BudgetTooSmall,
        StoreUnavailable,
    ),
}


@router.post(
    "",
    summary="Get the prompt context of a person",
    response_class=Response,
    responses=_RESPONSES,
    openapi_extra={"parameters": [header_parameter("Accept", "`text/markdown` or `text/plain`: the text alone")]},
)
async def read_context(request: Request, asked: ContextRequest) -> Response:
    r"""The most useful facts about one person, each with source and age, within a budget of tokens.

    Put `notice` into the system message and `text` into a user or tool message. The text is the same, byte for
    byte, as long as profile, budget and day are. `included` and `left_out` account for every fact.

    An identifier that is shared by several people, or generic, gives no context: 409 and nobody's data.

    ```
    curl localhost:8080/v1/context -H 'Content-Type: application/json' \
         -d '{"identifier": "email:ann.lee@example.com", "token_budget": 500}'
    curl localhost:8080/v1/context -H 'Content-Type: application/json' -H 'Accept: text/markdown' \
         -d '{"identifier": "email:ann.lee@example.com", "token_budget": 500}'
    ```
    """
    media_type = preferred_media_type(", ".join(request.headers.getlist("accept")), _OFFERED)
    services = services_of(request)
    profile = await _person(services, asked)
    now = services.clock()
    try:
        answer = _answer(profile.document, asked.token_budget, now - now % DAY_MILLISECONDS, services.kinds)
    except ProfileDamaged:
        raise profile.damaged() from None
    headers = {"Cache-Control": "no-store", "Context-Id": answer.context_id, "Vary": "Accept"}
    content = answer.body if media_type == _OFFERED[0] else answer.text
    return Response(content, headers=headers, media_type=media_type)


class _Answer(NamedTuple):
    """A context as it is sent."""

    context_id: str
    text: str
    body: bytes  #: the JSON answer


def _answer(document: bytes, token_budget: int, day: int, kinds: frozenset[IdentifierKind]) -> _Answer:
    """Build the answer from a profile's bytes, or give the one built before from the same bytes on the same day."""
    built = _built if len(document) > _LARGEST_KEPT else _built_before
    return built(document, token_budget, day, kinds)


def _built(document: bytes, token_budget: int, day: int, kinds: frozenset[IdentifierKind]) -> _Answer:
    profile = decode_profile(document)
    context = build_context(profile, token_budget=token_budget, as_of=day, count_tokens=count_tokens, kinds=kinds)
    body = {
        "context_id": context.context_id,
        "profile_id": profile.profile_id,
        "version": profile.version,
        "text": context.text,
        "tokens": context.tokens,
        "token_budget": token_budget,
        "encoding": ENCODING,
        "notice": NOTICE,
        "as_of": context.as_of,
        "included": context.included,
        "left_out": context.left_out,
    }
    return _Answer(context.context_id, context.text, msgspec.json.encode(body))


_built_before = lru_cache(maxsize=_KEPT_ANSWERS)(_built)


async def _person(services: Services, asked: ContextRequest) -> StoredProfile:
    if asked.identifier is not None:
        return await one_by_identifier(services.store, read_identifier(asked.identifier, services.catalogue))
    return await one_by_id(services.store, asked.profile_id or "")
