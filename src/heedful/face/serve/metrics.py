"""What the server counts, in Prometheus' text format."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "heedful_requests_total",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "heedful_request_seconds",
            "From a request's head to its answer's end.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram(
            "heedful_batch_texts",
            "Texts that were scored together.",
            buckets=_TEXTS,
            registry=self.registry,
        )
        self.texts = Counter("heedful_texts_total", "Texts scored.", registry=self.registry)
        self.answered = 0

    def batch(self, texts: int) -> None:
        """Count a batch."""
        self.batches.observe(texts)
        self.texts.inc(texts)

    def watch(self, queue: str, length: Callable[[], int]) -> None:
        """Tell the length of a queue whenever asked."""
        gauge = Gauge(
            f"heedful_{queue}_texts", "Texts that wait in this queue.", registry=self.registry
        )
        gauge.set_function(length)

    def text(self) -> bytes:
        """Everything counted."""
        return generate_latest(self.registry)


class Counting:
    """Counts requests and how long they take, until the answer is there."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                # Before it goes out, so that whoever has an answer finds it counted.
                self._count(scope, status, time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, counting)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        self.metrics.answered += 1


_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH")
