"""Requests to Amazon Neptune, signed with the AWS credentials of this process.

A cluster with IAM database authentication takes only what is signed by Signature Version 4, and only for five minutes;
a connection, once made, stays for as long as it lives: so each is signed anew, whatever the credentials are by then.
https://docs.aws.amazon.com/neptune/latest/userguide/iam-auth-connecting.html
"""

import asyncio
import importlib
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Self
from urllib.parse import urlsplit

from services.stores.port.errors import StoreError, StoreUnavailable

_SERVICE: Final = "neptune-db"
#: `NAME.cluster-ID.REGION.neptune.amazonaws.com`, of which the region is wanted.
_NAMED_REGION: Final = re.compile(r"\.([a-z]{2}[a-z0-9-]+)\.neptune\.amazonaws\.com(\.cn)?$")
#: What the policy of the credentials must allow.
ACTIONS: Final = (
    "neptune-db:GetEngineStatus, neptune-db:ReadDataViaQuery, neptune-db:WriteDataViaQuery and "
    "neptune-db:DeleteDataViaQuery"
)

# It logs where credentials are from each time, and at its lowest level what is signed.
logging.getLogger("botocore").setLevel(logging.WARNING)


class AccessRefused(StoreUnavailable):
    """There are no credentials that Neptune takes, until somebody renews them or changes a right or a setting."""


class Signer:
    """Signs requests for one region; the credentials are looked for anew each time, in the order of AWS."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._source = "nowhere"  #: where the last credentials were found, as botocore calls it
        self._botocore = _installed()

    @classmethod
    def of(cls, url: str, region: str) -> Self:
        """Sign for the cluster at `url`.

        Args:
            url: of the endpoint.
            region: of the cluster; empty: the one that its name tells.

        Raises:
            StoreError: no region is known, or what signs is not installed.
        """
        host = urlsplit(url).hostname or ""
        named = _NAMED_REGION.search(host)
        region = region or (named[1] if named else "")
        if region:
            return cls(region)
        raise StoreError(
            f"Amazon Neptune at {host} wants signed requests, and its name does not tell the region that they are "
            "signed for; set IDENTITY_GRAPH_STORE_AWS_REGION, e.g. to eu-west-1"
        )

    async def headers(self, url: str) -> dict[str, str]:
        """Headers that prove to whoever answers a GET of `url` who is asking.

        Raises:
            AccessRefused: there are no credentials, or they cannot be used.
        """
        try:
            # It may ask the machine, or a service, for credentials.
            return await asyncio.to_thread(self._sign, url)
        except AccessRefused:
            raise
        except Exception as error:  # whatever the chain of credentials meets
            raise _unsigned(_aws_fault(error)) from error

    def refusal(self, url: str, status: int) -> AccessRefused:
        """Why Neptune may have refused what was signed."""
        host = urlsplit(url).hostname
        return AccessRefused(
            f"Amazon Neptune at {host} refused the AWS credentials of this process (status {status}), which come from "
            f"`{self._source}` and were used for {self._region}. Look whether they are the ones meant, and not expired "
            f"(AWS_PROFILE, or the role), whether their policy allows {ACTIONS}, at the region "
            "(IDENTITY_GRAPH_STORE_AWS_REGION), and at the clock of this machine"
        )

    def _sign(self, url: str) -> dict[str, str]:
        credentials = self._botocore("session").get_session().get_credentials()
        if credentials is None:
            raise _unsigned("there are none")
        self._source = credentials.method
        request = self._botocore("awsrequest").AWSRequest("GET", url)
        signature = self._botocore("auth").SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, self._region)
        signature.add_auth(request)
        return {str(name): str(value) for name, value in request.headers.items()}


def _unsigned(found: str) -> AccessRefused:
    return AccessRefused(
        f"nothing can be signed for Amazon Neptune with the AWS credentials of this process ({found}). Give it a role, "
        "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def _installed() -> Callable[[str], Any]:
    """Imports modules of botocore, which is an extra."""
    try:
        importlib.import_module("botocore")
    except ImportError:
        raise StoreError(
            "Amazon Neptune wants signed requests, and what signs for AWS is not installed; install it with: "
            "pip install 'identity-graph[aws]'"
        ) from None
    return lambda name: importlib.import_module(f"botocore.{name}")


def _aws_fault(error: Exception) -> str:
    """The code that AWS answers with, or else what kind of error it is: messages name people, roles and keys."""
    response = getattr(error, "response", None)  # of a ClientError of botocore
    fault = response.get("Error") if isinstance(response, Mapping) else None
    code = fault.get("Code") if isinstance(fault, Mapping) else None
    return code if isinstance(code, str) else type(error).__name__
