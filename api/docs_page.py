"""The documentation that people read in a browser, without the internet.

FastAPI's own page loads its scripts from another host; these come from the package fastapi-offline.
"""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

#: A script that stands in the page itself; the browser runs it only if it is told its hash.
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def add_docs_page(app: FastAPI) -> None:
    """Serve `/docs` and what it loads. All addresses are relative, so that they hold behind any proxy."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon.png",
        swagger_ui_parameters={"defaultModelsExpandDepth": 0, "tryItOutEnabled": True},
    )

    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())

    async def read_docs() -> HTMLResponse:
        return page

    async def read_root() -> RedirectResponse:
        return RedirectResponse("docs")

    app.get("/docs", include_in_schema=False)(read_docs)
    app.get("/", include_in_schema=False)(read_root)
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs assets")


def _policy(page: str) -> str:
    """What the page may do: load what is ours, run its own script, and stand in no other page."""
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in _SCRIPT.findall(page)]
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
