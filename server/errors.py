"""HTTP answers for errors: problem documents (RFC 9457) that carry the stable code."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import (
    CallsureError,
    ConfigurationError,
    NotFoundError,
    OverloadedError,
    ProtocolError,
    ProviderError,
    RefusedError,
    StorageError,
)

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = "5"

_STATUS: dict[type[CallsureError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    RefusedError: HTTPStatus.FORBIDDEN,
    ProtocolError: HTTPStatus.BAD_REQUEST,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    ConfigurationError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_log = structlog.get_logger(__name__)


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""
    app.add_exception_handler(CallsureError, _on_callsure_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


def problem(
    status: HTTPStatus, code: str, detail: str, *, retryable: bool = False, errors: object = None
) -> JSONResponse:
    """A problem document: ``type`` is about:blank, ``code`` tells the kinds apart."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "retryable": retryable,
    }
    if errors is not None:
        body["errors"] = jsonable_encoder(errors)
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if retryable else None
    return JSONResponse(body, status.value, headers, MEDIA_TYPE)


async def _on_callsure_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallsureError)  # noqa: S101 - registered for this class only
    status = next(
        (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    _log.warning(
        "request_failed",
        path=request.url.path,
        status=status.value,
        code=error.code,
        reason=error.message,
    )
    return problem(status, error.code, error.message, retryable=error.retryable)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    # The values stay out: they are the caller's.
    errors = [{"loc": e["loc"], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request_invalid",
        "The request does not fit.",
        errors=errors,
    )


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    status = HTTPStatus(error.status_code)
    response = problem(status, status.name.lower(), str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _on_unexpected(request: Request, error: Exception) -> Response:
    _log.error("request_crashed", path=request.url.path, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something unexpected failed; see the log.",
    )
