"""Where the stack keeps its files and which ports its parts listen on."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent
CONFIGURATION = Path(__file__).resolve().parent / "config"
PREFIX = "IDENTITY_GRAPH_STACK_"


def port_variable(name: str) -> str:
    """The environment variable that sets the port called `name`, e.g. `kafka`."""
    return f"{PREFIX}{name.upper()}_PORT"


def _port(default: int, description: str) -> int:
    port: int = Field(default, ge=0, le=65535, description=f"port of {description}; 0 picks a free one")
    return port


class StackSettings(BaseSettings):
    """Read from `IDENTITY_GRAPH_STACK_…` variables; another folder and other ports make another stack."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    folder: Path = Field(CHECKOUT / ".stack/run", description="logs, data and the list of what was started")
    cache: Path = Field(CHECKOUT / ".stack/lib", description="the fetched servers; checkouts may share it")
    catalogue: Path = Field(
        CHECKOUT / "examples/inventory/catalogue.yaml", description="the catalogue the service runs with"
    )
    graph: Literal["tinkergraph", "janusgraph"] = Field(
        "tinkergraph", description="what keeps the graph, in memory or over Cassandra"
    )
    kafka_port: int = _port(9092, "Kafka")
    kafka_controller_port: int = _port(9093, "Kafka's controller")
    connect_port: int = _port(8083, "Kafka Connect's REST interface")
    postgres_port: int = _port(15432, "PostgreSQL (a machine's own server usually has 5432)")
    gremlin_port: int = _port(8182, "Gremlin Server, or JanusGraph")
    cassandra_port: int = _port(9042, "Cassandra")
    cassandra_storage_port: int = _port(7000, "Cassandra's nodes among themselves")
    consumer_port: int = _port(8091, "the consumer's readiness and metrics")
    api_port: int = _port(8090, "the HTTP API")
