"""Wiring of the service, read once from environment variables named `IDENTITY_GRAPH_…`.

What the data means is in the catalogue; what is here only says where things are and how to reach them.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseSettings):
    """How to reach Kafka, and which names to use there."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_GRAPH_KAFKA_", frozen=True, extra="ignore")

    bootstrap_servers: str = Field("", description="`host:port,host:port` of the brokers; empty means: no Kafka")
    group: str = Field("identity-graph", description="name of the consumer group")
    member: str = Field(
        "",
        description="name under which this process is a member of the group, each under another: then a restart within "
        "20 seconds moves no partitions (static membership); empty: they move at once",
    )
    start: Literal["earliest", "latest"] = Field("earliest", description="where a group without offsets begins")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how connections to the brokers are secured"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"] = Field(
        "PLAIN", description="how the client proves who it is"
    )
    sasl_username: str = Field("", description="user name for PLAIN and SCRAM")
    sasl_password: SecretStr = Field(SecretStr(""), description="password for PLAIN and SCRAM")
    oauth_token_url: str = Field("", description="OAUTHBEARER: the address where the identity provider gives tokens")
    oauth_client_id: str = Field("", description="OAUTHBEARER: the id under which the provider knows this client")
    oauth_client_secret: SecretStr = Field(SecretStr(""), description="OAUTHBEARER: the secret that goes with it")
    oauth_scope: str = Field("", description="OAUTHBEARER: the scope that is asked for, where the provider wants one")
    oauth_audience: str = Field("", description="OAUTHBEARER: the audience that is asked for, likewise")
    oauth_extensions: str = Field(
        "", description="OAUTHBEARER: what the brokers are told beside the token: `NAME=VALUE,NAME=VALUE`"
    )
    aws_region: str = Field("", description="AWS_MSK_IAM: the region of the MSK cluster")
    ssl_ca_file: Path | None = Field(None, description="PEM file of the authority that signed the brokers' keys")
    ssl_certificate_file: Path | None = Field(None, description="PEM file of the client's certificate")
    ssl_key_file: Path | None = Field(None, description="PEM file of the client's private key")
    ssl_key_password: SecretStr = Field(SecretStr(""), description="password of the client's private key")
    updates_topic: str = Field("profile-updated", description="topic that every change of a profile goes to")
    state_topic: str = Field("profile-state", description="compacted topic with the latest state of each profile")
    dead_letter_topic: str = Field(
        "identity-graph-dead-letters", description="topic for messages that cannot be decoded or mapped"
    )
    batch_size: int = Field(
        500,
        ge=1,
        le=10_000,
        description="most messages of one partition in one commit; a graph takes 500, on Amazon Neptune 5",
    )


class ServerLimits(BaseSettings):
    """How much one process of the HTTP API takes on, and how long it waits for whoever asks it."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_GRAPH_MAX_", frozen=True, extra="ignore")

    headers: int = Field(100, ge=10, description="most headers of a request; more are answered with 431")
    header_bytes: int = Field(
        32_768, ge=1_024, description="most bytes of a request's first line and headers; more are answered with 431"
    )
    body_bytes: int = Field(10 * 1024 * 1024, ge=1_024, description="most bytes of a request's body")
    body_values: int = Field(
        100_000, ge=1_000, description="most JSON values of a request's body, lists and objects included"
    )
    connections: int = Field(
        500,
        ge=1,
        description="most connections at once, fewer where the process may open fewer files; whoever has kept us "
        "waiting longest for a request gives way, else a further one is answered with 503",
    )
    requests: int = Field(100, ge=1, description="most requests worked on at once; further ones are answered with 503")
    streams: int = Field(
        100, ge=1, description="most readers of `/v1/profile-updates` at once; further ones are answered with 503"
    )
    held_bytes: int = Field(
        134_217_728,
        ge=1_048_576,
        description="most bytes of bodies held at once, of all requests together; what is beyond is answered with 503",
    )
    head_seconds: float = Field(
        10, gt=0, description="so long the headers of a request may take to come; then 408, and the connection ends"
    )
    body_seconds: float = Field(
        60, gt=0, description="so long the body of a request may take to come; then 408, and the connection ends"
    )
    idle_seconds: int = Field(60, ge=1, description="so long a connection may stay open without a further request")
    stalled_seconds: float = Field(
        30, gt=0, description="a reader that takes nothing for so long, while an answer waits for it, is dropped"
    )
    stop_seconds: float = Field(
        10, ge=3, description="so long after SIGTERM or SIGINT `serve` has ended, whatever is under way"
    )


class Settings(BaseSettings):
    """Everything the processes `serve` and `consume` need to know about the world around them."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_GRAPH_", frozen=True, extra="ignore")

    catalogue: Path = Field(Path("catalogue.yaml"), description="the catalogue file")
    store: str = Field(
        "sqlite:identity-graph.sqlite",
        description="where the graph is kept: `sqlite:FILE`, or the `ws://` or `wss://` address of a Gremlin endpoint",
    )
    store_engine: Literal["auto", "gremlin-server", "neptune"] = Field(
        "auto",
        description="what serves the graph: Gremlin Server or Amazon Neptune, which are written to differently; `auto` "
        "asks it, and JanusGraph is always recognised. It stays the same for one graph",
    )
    store_username: str = Field("", description="user name for a Gremlin Server that asks for one")
    store_password: SecretStr = Field(SecretStr(""), description="password for a Gremlin Server that asks for one")
    store_aws_region: str = Field(
        "",
        description="region that requests to an Amazon Neptune cluster are signed for, where it wants them signed "
        "(IAM); empty: the one in the name of its endpoint",
    )
    store_lock_seconds: float = Field(
        5.0,
        gt=0,
        description="seconds that a request waits for a lock that another process holds on an embedded store",
    )
    writer: str = Field(
        "",
        description="name under which `serve` writes, each process under another; empty: `api/HOST/ADDRESS:PORT`",
    )
    steward_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token of stewards: who has it gives verdicts and sees values in explanations; empty: "
        "everybody does",
    )
    host: str = Field("127.0.0.1", description="address the HTTP API listens on")
    port: int = Field(8080, ge=0, le=65535, description="port of the HTTP API")
    allowed_hosts: str = Field(
        "",
        description="further names that the HTTP API is reached under: `NAME,*.NAME`, or `*` for all names. Known "
        "anyway: `localhost` and loopback addresses; where `IDENTITY_GRAPH_HOST` is not loopback also that host, every "
        "IP address, and the name of the machine",
    )
    consumer_port: int = Field(8081, ge=0, le=65535, description="port for the consumer's readiness and metrics")
    log_format: Literal["console", "json"] = Field("console", description="how log lines look")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    limits: ServerLimits = Field(default_factory=ServerLimits)
