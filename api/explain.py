"""Explanations: why records are one person, why they are not, and how a profile came to be.

They are written on a thread: that of a thousand records takes longer than others should wait.
"""

import asyncio
from typing import Annotated, Any, Final

import networkx as nx  # noqa: F401, TID253 - imported before a server serves, not while somebody waits
from fastapi import APIRouter, Query, Request, Response

from api.answers import json_answer
from api.dependencies import path_parameter, services_of
from api.errors import InvalidRequest
from api.evidence_documents import EvidenceGraph, PairExplanation, ProfileExplanation, ProfileHistory
from api.problems import problem_docs
from api.rights import PRIVATE, visibility_of
from graph_model.explain.evidence_export import GraphFormat, export_graph
from services.ingestion.batches import UnknownRecord
from services.lookup.explain import evidence_of, explain_history, explain_pair, explain_profile
from services.lookup.explanation_documents import ExplanationWriter
from services.lookup.profiles import AmbiguousIdentifier, ProfileGone, UnknownProfile
from services.lookup.record_names import UnreadableRecord, read_record_name
from services.stores.port.errors import StoreDamaged, StoreUnavailable

router = APIRouter(tags=["explain"])

_MEDIA_TYPES: Final = {"json": "application/json", "dot": "text/vnd.graphviz", "graphml": "application/graphml+xml"}

_PROFILE_ID: Final = {"parameters": [path_parameter("profile_id", "id of the profile, live or not")]}

_GRAPH_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": EvidenceGraph,
        "description": "the graph",
        "content": {media_type: {} for media_type in ("text/vnd.graphviz", "application/graphml+xml")},
    },
    **problem_docs(InvalidRequest, UnknownProfile, ProfileGone, AmbiguousIdentifier, StoreUnavailable),
}


@router.get(
    "/v1/profiles/{profile_id}/explain",  # noqa: FAST003 - read from the request, as the profile itself is
    summary="Why is this one person?",
    response_class=Response,
    responses={
        200: {"model": ProfileExplanation, "description": "the evidence, or where the records are now"},
        **problem_docs(UnknownProfile, StoreUnavailable),
    },
    openapi_extra=_PROFILE_ID,
)
async def explain_one_profile(request: Request) -> Response:
    """The evidence that holds a profile together, what joins nobody, what keeps others apart, and what is suspicious.

    `comparison` shows its rows side by side.

    Every id ever published answers: one that is no longer live tells where its records are now.

    ```
    curl localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b/explain
    ```
    """
    services = services_of(request)
    account = await explain_profile(services.store, services.catalogue, request.path_params["profile_id"])
    return json_answer(await asyncio.to_thread(_writer(request).profile, account), headers=PRIVATE)


@router.get(
    "/v1/profiles/{profile_id}/history",  # noqa: FAST003 - likewise
    summary="How did this profile come to be?",
    response_class=Response,
    responses={
        200: {"model": ProfileHistory, "description": "its merges and splits"},
        **problem_docs(UnknownProfile, StoreUnavailable),
    },
    openapi_extra=_PROFILE_ID,
)
async def explain_one_history(request: Request) -> Response:
    """The merges and splits of a profile, oldest first, each with ids before and after and what caused it.

    ```
    curl localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b/history
    ```
    """
    account = await explain_history(services_of(request).store, request.path_params["profile_id"])
    return json_answer(await asyncio.to_thread(_writer(request).history, account), headers=PRIVATE)


@router.get(
    "/v1/profiles/{profile_id}/graph",
    summary="Export the evidence graph",
    response_class=Response,
    responses=_GRAPH_RESPONSES,
)
async def export_profile_graph(
    request: Request,
    profile_id: str,
    graph_format: Annotated[
        GraphFormat, Query(alias="format", description="`json` (networkx node-link), `dot` (Graphviz) or `graphml`")
    ] = "json",
) -> Response:
    """The records of a profile and all that they carry, as a graph for other tools.

    ```
    curl 'localhost:8080/v1/profiles/019aa5b1c2d37e4f8a9b0c1d2e3f4a5b/graph?format=dot' | dot -Tsvg > profile.svg
    ```
    """
    services = services_of(request)
    graph = await evidence_of(services.store, services.catalogue, profile_id)
    content = await asyncio.to_thread(export_graph, graph, services.catalogue, visibility_of(request), graph_format)
    return Response(content, headers=PRIVATE, media_type=_MEDIA_TYPES[graph_format])


@router.get(
    "/v1/explain",
    summary="Why are two records one person, or why not?",
    response_class=Response,
    responses={
        200: {"model": PairExplanation, "description": "the evidence between them, and what stands in its way"},
        **problem_docs(InvalidRequest, UnknownRecord, UnreadableRecord, StoreDamaged, StoreUnavailable),
    },
)
async def explain_two_records(
    request: Request,
    record: Annotated[
        list[str],
        Query(
            min_length=2,
            max_length=2,
            description="the two records, each `source[key]` or, with a key of one column, `source:key`",
            examples=[["crm[1]", "web_shop[50001]"]],
        ),
    ],
) -> Response:
    """The way from one record to another, what both have in common, and why it joins them or does not.

    `comparison` shows the two rows side by side, with a mark where they say different things.

    ```
    curl -G localhost:8080/v1/explain --data-urlencode 'record=crm[1]' --data-urlencode 'record=web_shop["A-17"]'
    ```
    """
    services = services_of(request)
    one, other = (read_record_name(name, services.catalogue) for name in record)
    account = await explain_pair(services.store, services.catalogue, one, other)
    return json_answer(await asyncio.to_thread(_writer(request).pair, account), headers=PRIVATE)


def _writer(request: Request) -> ExplanationWriter:
    return ExplanationWriter(services_of(request).catalogue, visibility_of(request))
