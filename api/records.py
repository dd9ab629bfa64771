"""Single rows, as they were received."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.answers import json_answer
from api.dependencies import services_of
from api.errors import InvalidRequest
from api.problems import problem_docs
from api.rights import PRIVATE, visibility_of
from api.row_documents import RowDocument
from services.ingestion.batches import UnknownRecord
from services.lookup.record_names import UnreadableRecord, read_record_key
from services.lookup.records import look_up_record
from services.lookup.row_documents import record_document
from services.stores.port.errors import StoreUnavailable

router = APIRouter(tags=["explain"])


@router.get(
    "/v1/records/{source}/{key:path}",
    summary="Read a row as it was received",
    response_class=Response,
    responses={
        200: {"model": RowDocument, "description": "the row, deleted or not"},
        **problem_docs(InvalidRequest, UnknownRecord, UnreadableRecord, StoreUnavailable),
    },
)
async def read_record(
    request: Request,
    source: Annotated[str, Path(description="name of the source in the catalogue", examples=["crm"])],
    key: Annotated[
        str,
        Path(
            description="the value of a key of one column, or the key as the JSON array of its parts; everything that "
            "a path cannot hold is percent-encoded",
            examples=["1", '["north",7]'],
        ),
    ],
) -> Response:
    """One row as the store has it: what the source said, where in its log and when, and where the row is now.

    ```
    curl localhost:8080/v1/records/crm/1
    curl localhost:8080/v1/records/orders/%5B%22north%22,7%5D   # a key of two columns: ["north",7]
    ```
    """
    services = services_of(request)
    address = read_record_key(source, key, services.catalogue)
    account = await look_up_record(services.store, services.catalogue, address)
    return json_answer(record_document(account, visibility_of(request)), headers=PRIVATE)
