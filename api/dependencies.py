"""What the operations work with: built once per application, handed to each request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from graph_model.catalogue import Catalogue
from graph_model.identifiers import IdentifierKind
from services.intake import ChangeIntake
from services.metrics import Metrics
from services.settings import Settings
from services.stewardship import Stewardship
from services.stores.port import Store
from services.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a request may need."""

    settings: Settings
    catalogue: Catalogue
    store: Store
    writer: Writer
    intake: ChangeIntake
    stewardship: Stewardship
    metrics: Metrics
    clock: Callable[[], int]  #: milliseconds since 1970
    kinds: frozenset[IdentifierKind]  #: those of the catalogue
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  #: set when open streams must end


def services_of(request: Request) -> Services:
    """The services of the application that answers.

    A plain call: resolving a FastAPI dependency takes longer than reading a profile.
    """
    services: Services = request.app.state.services
    return services


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe, for the API's schema, a part of the path that an operation reads from the request itself."""
    schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def header_parameter(name: str, description: str) -> dict[str, Any]:
    """Describe, for the API's schema, an optional header that an operation reads from the request itself."""
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
