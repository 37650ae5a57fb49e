"""The application: which path does what, who may ask, and what an error looks like."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mailgate import counters
from mailgate.config import Config
from mailgate.web import answers, metrics
from mailgate.web.answers import Refusal
from mailgate.web.health import Health
from mailgate.web.mailgun import Mailgun
from mailgate.web.messages import Accept, Messages
from mailgate.web.postmark import Postmark
from mailgate.web.provider import Provider
from mailgate.web.sendgrid import SendGrid
from mailgate.web.ses import Ses

# Whoever came through a proxy on this machine is not on this machine.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_WORDS = {
    404: ("not_found", "There is nothing here"),
    405: ("no_such_method", "This method is not known here"),
}
log = structlog.get_logger("mailgate.web")


def providers(config: Config) -> list[Provider]:
    """Those that are set up. Raises ConfigError."""
    web = config.web
    found: list[Provider] = []
    if web.mailgun.signing_key or web.mailgun.signing_key_file:
        found.append(Mailgun(web.mailgun))
    if web.sendgrid.public_key or web.sendgrid.user:
        found.append(SendGrid(web.sendgrid))
    if web.postmark.user:
        found.append(Postmark(web.postmark))
    if web.ses.topics:
        found.append(Ses(web.ses))
    return found


class OneLength:
    """Refuses a request that tells its length twice, and ends its connection: a proxy in front may have believed the other
    one (RFC 9112 section 6.3). h11 refuses the other ways to smuggle a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            await answers.TWO_LENGTHS.response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Insight:
    """Health and metrics. Everybody may ask whether we are well; why not, and the numbers, are for this machine or for who
    has `web.metrics_key`."""

    def __init__(self, config: Config, health: Health) -> None:
        self._key = config.web.metrics_key.encode()
        self._health = health
        self._metrics = metrics.Metrics(config, health)

    async def healthz(self, request: Request) -> Response:
        """This process lives."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """200 where mail is taken and worked on, else 503."""
        looks = await run_in_threadpool(self._health.looks)
        ready = not any(look.why for look in looks)
        answer: dict[str, object] = {"status": "ready" if ready else "not ready"}
        if self._inside(request):
            answer["checks"] = {look.what: look.why or "ok" for look in looks}
        return JSONResponse(answer, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus' text format."""
        if not self._inside(request):
            raise answers.forbidden(
                "not_here", "Ask from this machine, or set web.metrics_key and send it as bearer key"
            )
        text = await run_in_threadpool(self._metrics.text)
        return Response(text, media_type=metrics.CONTENT_TYPE)

    def _inside(self, request: Request) -> bool:
        if self._key:
            given = request.headers.get("authorization", "").partition(" ")
            return hmac.compare_digest(given[2].strip().encode("utf-8", "surrogateescape"), self._key)
        if request.client is None or any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return ip_address(request.client.host).is_loopback
        except ValueError:
            return False


def make(config: Config, accept: Accept, health: Health) -> Starlette:
    """The application. Raises ConfigError for keys and providers that cannot be used."""
    messages = Messages(config, accept, providers(config))
    insight = Insight(config, health)
    return Starlette(
        routes=[
            Route("/v1/messages", messages.post, methods=["POST"]),
            Route("/v1/inbound/{provider:str}", messages.inbound, methods=["POST"]),
            # Mailgun posts raw mail where the address ends in "mime"
            Route("/v1/inbound/{provider:str}/mime", messages.inbound, methods=["POST"]),
            Route("/healthz", insight.healthz, methods=["GET"]),
            Route("/readyz", insight.readyz, methods=["GET"]),
            Route("/metrics", insight.metrics, methods=["GET"]),
        ],
        middleware=[Middleware(OneLength)],
        exception_handlers={Refusal: _refused, HTTPException: _unknown, Exception: _broken},
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if request.method == "POST":
        counters.count("refused", "http", error.code)
    return error.response()


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, text = _WORDS.get(error.status_code, ("bad_request", "The request is not understood"))
    return JSONResponse({"error": code, "message": text}, error.status_code, error.headers)


async def _broken(request: Request, error: Exception) -> Response:
    """Our own bug is "try again", never a mail that is lost."""
    log.error("a request failed", method=request.method, exc_info=error)
    counters.count("refused", "http", "bug")
    return answers.TROUBLE.response()
