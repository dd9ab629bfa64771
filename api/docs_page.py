"""The documentation that people read in a browser, without the internet.

FastAPI's own page loads its scripts from another host; these come from the package fastapi-offline.
"""

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles


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

    async def read_docs() -> HTMLResponse:
        return page

    async def read_root() -> RedirectResponse:
        return RedirectResponse("docs")

    app.get("/docs", include_in_schema=False)(read_docs)
    app.get("/", include_in_schema=False)(read_root)
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs assets")
