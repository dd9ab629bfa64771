"""Changes of rows, over HTTP."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.answers import json_answer
from api.dependencies import written
from api.documents import ChangesAnswer
from api.errors import BodyTooLarge, InvalidRequest, NotSentAsJson, UnreadableBody
from api.exact_bodies import ExactRoute
from api.problems import problem_docs
from api.request_documents import ChangesRequest
from graph_model.records.record import Outcome
from services.ingestion.acceptance import ClockAhead
from services.ingestion.claim import BrokerTrouble
from services.ingestion.intake import RowChange, SourceFedByTopic, UnknownSource
from services.ingestion.writer import NobodyPublishes
from services.stores.port.errors import CatalogueChanged, ClaimLost, StoreUnavailable

router = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=ExactRoute)

#: Every outcome that a change over HTTP can have.
_OUTCOMES: Final = (Outcome.APPLIED, Outcome.UNCHANGED, Outcome.STALE, Outcome.DEAD)

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ChangesAnswer, "description": "what became of the changes; those not rejected are in force"},
    **problem_docs(
        InvalidRequest,
        UnreadableBody,
        NotSentAsJson,
        BodyTooLarge,
        UnknownSource,
        SourceFedByTopic,
        NobodyPublishes,
        StoreUnavailable,
        ClaimLost,
        BrokerTrouble,
        CatalogueChanged,
        ClockAhead,
    ),
}


@router.post("", summary="Send changes of rows", response_class=Response, responses=_RESPONSES)
async def accept_changes(request: Request, sent: ChangesRequest) -> Response:
    """Bring up to 1 000 changes of one source into force, in the order given.

    A change is a row as it is now, or the key of a row that is gone. Send the whole row: columns that are absent
    are gone. A change that cannot be used is listed in `rejected` with the reason; the others are kept. When the
    answer comes, profiles show the changes.

    ```
    curl localhost:8080/v1/changes -H 'Content-Type: application/json' -d '{
      "source": "crm",
      "changes": [{"row": {"id": 1, "customer_number": "100-0001", "first_name": "Ann", "last_name": "Lee",
                           "email": "ann.lee@example.com", "phone": "(212) 555-0142", "birth_date": "1984-03-07",
                           "city": "Queens", "postcode": "11101", "updated_at": "2026-11-20T08:30:00Z"}},
                  {"key": {"id": 2}, "deleted": true}]}'
    ```
    """
    rows = [
        RowChange((change.row if change.key is None else change.key) or {}, change.deleted) for change in sent.changes
    ]
    result = await written(request, lambda services: services.intake.accept(sent.source, rows))
    return json_answer(
        {
            "outcomes": {outcome.value: result.outcomes[outcome] for outcome in _OUTCOMES},
            "rejected": result.rejected,
        }
    )
