"""Owns the control loop: waits for changes and for time, and runs a round of the controller.

The only importer of kopf. The handlers are stateless (`on.event`, `startup`, `cleanup`, `probe`):
they write nothing to the objects that they watch. Both watches name their object, so the rights
they need are to one Secret and one configuration. A loop beside them waits for the next event or
renewal: kopf's own timers would put finalizers on the objects. Called by `cli control`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from contextlib import suppress

import kopf

from podcov_webhook.converge import Controller
from podcov_webhook.errors import ClusterError
from podcov_webhook.settings import ControllerSettings

log = logging.getLogger(__name__)

CONFIGURATIONS = "mutatingwebhookconfigurations"
IDENTITY = "podcov-controller"
RETRY_S = 5.0
"""After a failed round."""
LONGEST_WAIT_S = 3600.0
"""A round at least every hour, should an event have been missed."""


class Loop:
    """Runs rounds, one at a time: after each event, and when a renewal is due."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._wanted = asyncio.Event()
        self.healthy = False
        """Whether the last round did all it had to."""

    def wake(self) -> None:
        """Something changed."""
        self._wanted.set()

    async def run(self) -> None:
        """Rounds for ever."""
        while True:
            self._wanted.clear()
            wait_s = await self._round()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), wait_s)

    async def _round(self) -> float:
        try:
            due = await asyncio.to_thread(self._controller.converge)
        except ClusterError as error:
            self.healthy = False
            log.warning("%s", error, extra={"event": "round", "slug": error.slug})
            return RETRY_S
        except Exception:  # the loop is the controller: it must not end
            self.healthy = False
            log.exception("a round failed", extra={"event": "round"})
            return RETRY_S
        self.healthy = True
        until_due = (due - dt.datetime.now(dt.timezone.utc)).total_seconds()
        return min(max(until_due, RETRY_S), LONGEST_WAIT_S)


def run_controller(settings: ControllerSettings, controller: Controller) -> None:
    """Run until SIGTERM or SIGINT."""
    asyncio.run(
        kopf.operator(
            registry=make_registry(settings, controller),
            namespaces=[settings.namespace],
            standalone=True,
            # Else kopf asks for the user's name, and a container's uid often has none.
            identity=IDENTITY,  # type: ignore[arg-type]  # kopf keeps this type of text private
            liveness_endpoint=(f"http://{settings.health_host}:{settings.health_port}/healthz"),
        )
    )


def make_registry(settings: ControllerSettings, controller: Controller) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own."""
    registry = kopf.OperatorRegistry()
    running: list[tuple[Loop, asyncio.Task[None]]] = []

    kopf.on.login(registry=registry)(kopf.login_via_client)  # as `cluster` does

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: object) -> None:
        configure(settings)
        loop = Loop(controller)
        running.append((loop, asyncio.create_task(loop.run())))

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: object) -> None:
        for _loop, task in running:
            task.cancel()

    @kopf.on.event("v1", "secrets", registry=registry)
    @kopf.on.event("admissionregistration.k8s.io", "v1", CONFIGURATIONS, registry=registry)
    async def changed(**_: object) -> None:
        for loop, _task in running:
            loop.wake()

    @kopf.on.probe(registry=registry, id="healthy")
    async def probe(**_: object) -> bool:
        return all(loop.healthy for loop, _task in running)

    def configure(kopf_settings: kopf.OperatorSettings) -> None:
        kopf_settings.scanning.disabled = True  # no cluster-wide list of namespaces and CRDs
        kopf_settings.posting.enabled = False
        selectors = kopf_settings.watching.field_selectors
        selectors["secrets"] = f"metadata.name={settings.secret}"
        selectors[CONFIGURATIONS] = f"metadata.name={settings.configuration}"

    return registry
