"""Profiles, by id and by identifier."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import json_answer, json_list
from api.dependencies import header_parameter, path_parameter, services_of
from api.documents import AbsorbedProfile, ProfileDocument, ProfileList
from api.errors import InvalidRequest
from api.problems import problem_docs
from graph_model.profile.document import ProfileStatus
from services.cloud_events import PROFILE_SCHEMA
from services.lookup.profiles import (
    LISTED_PROFILES,
    BlockedIdentifier,
    ProfileGone,
    UnknownIdentifier,
    UnknownIdentifierKind,
    UnknownProfile,
    UnreadableIdentifier,
    known_profile,
    list_by_identifier,
    read_identifier,
    whereabouts,
)
from services.stores.port.errors import StoreUnavailable

router = APIRouter(prefix="/v1/profiles", tags=["profiles"])

#: A profile may be kept by its reader, and is asked for again each time; nobody in between keeps it.
_CACHING: Final = "private, no-cache"

#: Characters of an identifier that is asked for.
LONGEST_IDENTIFIER: Final = 1_000

#: Names the form of the profiles in an answer (RFC 6906).
_FORM: Final = {"Link": f'<{PROFILE_SCHEMA}>; rel="profile"'}


def _first_of_list(operation: str) -> dict[str, Any]:
    """What can be done with a profile of a list (an OpenAPI link)."""
    return {"operationId": operation, "parameters": {"profile_id": "$response.body#/profiles/0/profile_id"}}


_BY_ID_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ProfileDocument, "description": "the profile"},
    300: {"model": AbsorbedProfile, "description": "its records are in several profiles now"},
    304: {"description": "the version named in `If-None-Match` is still the newest"},
    307: {"model": AbsorbedProfile, "description": "its records are in another profile now; `Location` names it"},
    **problem_docs(UnknownProfile, ProfileGone, StoreUnavailable),
}


@router.get(
    "/{profile_id}",  # noqa: FAST003 - read from the request, see below
    summary="Read a profile",
    response_class=Response,
    responses=_BY_ID_RESPONSES,
    openapi_extra={
        "parameters": [
            path_parameter("profile_id", "id of the profile, 32 hexadecimal digits"),
            header_parameter("If-None-Match", "ETag of the version at hand"),
        ]
    },
)
async def read_profile(request: Request) -> Response:
    """Everything known of one person: traits and identifiers with where they come from, records, conflicts.

    The `ETag` is the profile's version. An id that was absorbed answers where its records are now.

    ```
    curl -i localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b
    curl -i -H 'If-None-Match: "3"' localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b
    curl -L localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b   # follows an absorbed id
    ```
    """
    store = services_of(request).store
    # Read from the request itself: having it checked as a parameter takes longer than reading the profile.
    profile_id: str = request.path_params["profile_id"]
    profile = await known_profile(store, profile_id)
    if profile.status is ProfileStatus.LIVE:
        headers = {"ETag": f'"{profile.version}"', "Cache-Control": _CACHING, **_FORM}
        if_none_match = request.headers.get("if-none-match")
        if if_none_match is not None and _names(if_none_match, profile.version):
            return Response(status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers)
        return Response(profile.told, headers=headers, media_type="application/json")
    former = profile.read()
    shares = await whereabouts(store, former)
    if not shares:
        raise ProfileGone
    body = {
        "profile_id": profile_id,
        "version": profile.version,
        "status": profile.status.value,
        "merged_into": former.merged_into,
        "now": shares,
    }
    if len(shares) > 1:
        return json_answer(body, HTTPStatus.MULTIPLE_CHOICES, {"Cache-Control": _CACHING})
    # Relative to this address, so that it holds behind any proxy.
    headers = {"Location": shares[0].profile_id, "Cache-Control": _CACHING}
    return json_answer(body, HTTPStatus.TEMPORARY_REDIRECT, headers)


@router.get(
    "",
    summary="Find profiles by an identifier",
    response_class=Response,
    responses={
        200: {
            "model": ProfileList,
            "description": "the profiles that carry the identifier, by id",
            "links": {name: _first_of_list(name) for name in ("read_profile", "split_profile")},
        },
        **problem_docs(
            InvalidRequest,
            UnknownIdentifier,
            UnknownIdentifierKind,
            UnreadableIdentifier,
            BlockedIdentifier,
            StoreUnavailable,
        ),
    },
)
async def find_profiles(
    request: Request,
    identifier: Annotated[
        str,
        Query(
            max_length=LONGEST_IDENTIFIER,
            description="`kind:value`; the value in any spelling that its kind can read",
            examples=["email:ann.lee@example.com"],
        ),
    ],
) -> Response:
    """All people whose records carry an identifier. More than one is no error: a shared phone, a generic mailbox.

    ```
    curl -G localhost:8080/v1/profiles --data-urlencode 'identifier=email:ANN.LEE@Example.com'
    curl -G localhost:8080/v1/profiles --data-urlencode 'identifier=phone:(917) 555-0119'
    ```
    """
    services = services_of(request)
    found = await list_by_identifier(services.store, read_identifier(identifier, services.catalogue))
    listed = (profile.told for profile in found[:LISTED_PROFILES])
    return await json_list("profiles", listed, complete=len(found) <= LISTED_PROFILES, headers=_FORM)


def _names(if_none_match: str, version: int) -> bool:
    """Tell whether an `If-None-Match` header names this version (weak comparison, as RFC 9110 asks)."""
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in ("*", f'"{version}"') for tag in tags)
