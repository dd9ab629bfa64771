"""Who may see values and decide: callers with the steward's token, or everybody where none is configured."""

from secrets import compare_digest
from typing import Final

from fastapi import Request

from api.dependencies import services_of
from graph_model.errors import IdentityGraphError
from graph_model.explain.masking import Visibility

#: Headers of an answer that depends on the caller's token.
PRIVATE: Final = {"Cache-Control": "private, no-cache"}


class NotASteward(IdentityGraphError):
    """The caller has not shown the steward's token."""

    def __init__(self) -> None:
        super().__init__(
            "this is for stewards; send the header Authorization: Bearer with the token that the operator has "
            "configured as IDENTITY_GRAPH_STEWARD_TOKEN"
        )


def may_see_values(request: Request) -> bool:
    """Tell whether explanations show this caller the values of identifiers, or only their shape."""
    expected = services_of(request).settings.steward_token.get_secret_value()
    if not expected:
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    # Compared as bytes and in constant time: neither length nor content of what is right shows in the time.
    return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), expected.encode())


def visibility_of(request: Request) -> Visibility:
    """What the caller may see of rows and evidence."""
    return Visibility.of(services_of(request).catalogue, may_see_values=may_see_values(request))


def require_steward(request: Request) -> None:
    """Refuse callers who are no stewards.

    Raises:
        NotASteward: a token is configured, and the request does not bear it.
    """
    if not may_see_values(request):
        raise NotASteward
