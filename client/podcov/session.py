"""Owns the facade: everything podcov does with running pods, for programs.

    session = Session("deploy/shop", namespace="shop", source=["src"])
    interval = session.begin()
    ...                                   # requests, tests
    collection = session.collect(since=interval)
    print(collection.table().text)

Must not print, and must not read the environment or podcov's settings: config does, and the
command line and the pytest plugin pass what it says. (rules has those of coverage.py.)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from urllib.parse import quote, urlsplit
from weakref import finalize

from podcov.collect import Answers, Progress, ask_all
from podcov.collection import Collection, gather_notes, join
from podcov.config import Settings
from podcov.connections import Connections
from podcov.contract import (
    DEFAULT_PORT,
    DEFAULT_SESSION,
    ROUTE_V1_HEALTH,
    ROUTE_V1_SNAPSHOT,
    ROUTE_V1_TURN,
)
from podcov.discover import Wanted, find_pods, miss_gone, parse_workload
from podcov.errors import IntervalUnknownError, SettingError
from podcov.forward import FORWARDS, Forwarder, Kubectl, Native, Straight
from podcov.kube import Kube, open_kube
from podcov.models import (
    Discovery,
    Health,
    Interval,
    Snapshot,
    Status,
    Target,
    Turn,
)
from podcov.paths import index_files
from podcov.rules import Rules, read_rules
from podcov.transport import Transport
from podcov.wire import read_health, read_snapshot, read_turn
from podcov.worktree import check_folders, part_readable, read_files, read_named

Answer = TypeVar("Answer")


class Session:
    """The agents of a workload, a selector, a namespace, or of given URLs.

    Nothing happens before a method is called, but that the settings are checked. Every method
    finds the pods anew, so pods may come and go between two calls. Every error is a PodcovError.
    A connection to each agent is kept until `close`, the end of a `with` block, or the session's.
    """

    def __init__(
        self,
        workload: str | None = None,
        *,
        namespace: str | None = None,
        selector: str | None = None,
        urls: Sequence[str] = (),
        source: Sequence[str] = (),
        kubeconfig: str | None = None,
        context: str | None = None,
        forward: str = "native",
        local_port: int = 0,
        timeout_s: float = 30.0,
        allow_stale: bool = False,
        rcfile: str | None = None,
        in_place: Rules | None = None,
    ) -> None:
        """Name the pods and the local source folders.

        source: every file below that could be imported is in the reports, at 0 % if no pod
        imported it. Without it the sources are in the working directory, and coverage.py's own
        settings (`rcfile`, or the file that it finds from there) say what a report is about.
        workload: `deploy/shop`, `statefulset/x` or `pod/x`; without it and a selector, every pod
        of the namespace (default: the context's) that has an agent. urls: agents asked straight,
        without Kubernetes. in_place: what is measured runs on this machine, so its files are where
        it says, and these rules stand for source.
        """
        if forward not in FORWARDS:
            raise SettingError(f"forward is {forward!r}.", f"Write one of: {', '.join(FORWARDS)}.")
        if workload:
            parse_workload(workload)
        self.workload = workload or ""
        self.selector = selector or ""
        self.urls = tuple(urls)
        self.source = tuple(source)
        self.timeout_s = timeout_s
        self.allow_stale = allow_stale
        self.rcfile = rcfile
        self.in_place = in_place
        self._namespace = namespace or ""
        self._cluster = _Cluster(kubeconfig, context, forward, local_port)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Session":
        """A session as the command line, the environment and pyproject.toml say."""
        return cls(
            settings.workload,
            namespace=settings.namespace,
            selector=settings.selector,
            urls=settings.url,
            source=settings.source,
            kubeconfig=settings.kubeconfig,
            context=settings.context,
            forward=settings.forward,
            local_port=settings.local_port,
            timeout_s=settings.timeout,
            allow_stale=settings.allow_stale,
            rcfile=settings.rcfile,
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Questions after that open one each."""
        if "_transport" in vars(self):  # nothing was asked, there is nothing to close
            self._transport.connections.close()

    @property
    def namespace(self) -> str:
        """The namespace in which pods are looked for: as given, or the context's."""
        return self._namespace or self._kube.namespace

    def discover(self) -> Discovery:
        """The pods now: to ask, failed, skipped. Raises if there is none to ask."""
        if self.urls:
            return Discovery(tuple(dict.fromkeys(_target_of_url(url) for url in self.urls)))
        found = find_pods(self._kube, Wanted(self.namespace, self.workload, self.selector))
        if self._cluster.local_port and len(found.targets) > 1:
            raise SettingError(
                f"local_port is {self._cluster.local_port}, and {len(found.targets)} pods match.",
                "Name one of them (pod/NAME), or leave --local-port out.",
            )
        return found

    def targets(self) -> tuple[Target, ...]:
        """The agents that would be asked now."""
        return self.discover().targets

    def status(self, on_progress: Progress | None = None) -> Status:
        """Every agent's health and notes."""
        found = self.discover()

        def ask(target: Target) -> Health:
            return read_health(target, self._transport.get(target, ROUTE_V1_HEALTH))

        answers = self._ask(found, ask, on_progress)
        return Status(answers.answered, (*answers.failed, *found.failed), found.skipped)

    def begin(self, on_progress: Progress | None = None) -> Interval:
        """Begin an interval of one's own on all pods; nobody else's is disturbed."""
        return self._turn({}, on_progress)

    def reset(
        self, session: str = DEFAULT_SESSION, on_progress: Progress | None = None
    ) -> Interval:
        """Let the named session begin now; its start is kept in the pods."""
        return self._turn({"session": session}, on_progress)

    def collect(
        self,
        since: Interval | str | None = None,
        on_progress: Progress | None = None,
    ) -> Collection:
        """What ran since an interval or a named session began, or (None) since the pods did.

        A pod that came after the interval began counts whole; one that is gone since then is in
        `failed`. Ctrl-C returns what has come by then, with `interrupted` set. Source folders are
        checked before a pod is asked.
        """
        check_folders(self.source)
        rules = self.in_place or read_rules(self.rcfile, self.source)
        folders = check_folders(self.source or (".", *rules.folders))
        found = self.discover()
        if isinstance(since, Interval):
            found = miss_gone(found, since.answered)

        def ask(target: Target) -> Snapshot:
            path = f"{ROUTE_V1_SNAPSHOT}?{_question(target, since)}"
            return read_snapshot(target, self._transport.get(target, path))

        answers = self._ask(found, ask, on_progress)
        paths = _paths(answers.answered)
        files, unread = read_named(paths) if self.in_place else read_files(folders)
        joined = join(answers.answered, index_files(files), rules, self.allow_stale)
        unexecuted, more = part_readable(joined.unexecuted)
        return Collection(
            snapshots=answers.answered,
            failed=(*answers.failed, *found.failed),
            skipped=found.skipped,
            files=joined.files,
            unmapped=joined.unmapped,
            stale=joined.stale,
            notes=gather_notes(answers.answered, rules.branch),
            source=tuple(str(folder) for folder in folders),
            left_out=joined.left_out,
            unexecuted=unexecuted,
            unread=tuple(sorted({each.path: each for each in (*more, *unread)}.values())),
            rcfile=self.rcfile,
            interrupted=answers.interrupted,
        )

    def _turn(self, body: Mapping[str, object], on_progress: Progress | None) -> Interval:
        found = self.discover()

        def ask(target: Target) -> Turn:
            return read_turn(target, self._transport.post(target, ROUTE_V1_TURN, body))

        answers = self._ask(found, ask, on_progress)
        generations = {turn.target.key: turn.generation for turn in answers.answered}
        known = found.restarting | {target.key for target in found.targets}
        return Interval(
            generations=generations,
            answered=tuple(turn.target for turn in answers.answered),
            failed=(*answers.failed, *found.failed),
            unknown=known - generations.keys(),
        )

    def _ask(
        self,
        found: Discovery,
        ask: Callable[[Target], Answer],
        on_progress: Progress | None,
    ) -> Answers[Answer]:
        return ask_all(found.targets, ask, self.timeout_s, on_progress)

    @cached_property
    def _kube(self) -> Kube:
        return open_kube(self._cluster.kubeconfig, self._cluster.context, self.timeout_s)

    @cached_property
    def _transport(self) -> Transport:
        connections = Connections(self._forwarder(), self.timeout_s)
        finalize(self, connections.close)  # for whoever does not close a session, as at exit
        return Transport(connections, self.timeout_s)

    def _forwarder(self) -> Forwarder:
        if self.urls:
            return Straight()
        if self._cluster.forward == "native":
            return Native(self._kube)
        return Kubectl(self._cluster.kubeconfig, self._cluster.context, self._cluster.local_port)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """How the cluster is reached."""

    kubeconfig: str | None
    context: str | None
    forward: str
    local_port: int


def _paths(snapshots: Sequence[Snapshot]) -> set[str]:
    return {
        source.path
        for snapshot in snapshots
        for container in snapshot.containers
        for source in container.sources
    }


def _question(target: Target, since: Interval | str | None) -> str:
    if isinstance(since, str):
        return f"session={quote(since, safe='')}"
    if since is None:
        return "from=0"
    if target.key in since.unknown:
        raise IntervalUnknownError(
            f"{target.name} did not answer when the interval began; what ran since is unknown.",
            "Begin again when every pod answers: podcov status",
        )
    return f"from={since.generations.get(target.key, 0)}"


def _target_of_url(url: str) -> Target:
    try:
        scheme, host, port = _parts_of_url(url if "//" in url else f"http://{url}")
    except ValueError as problem:
        raise SettingError(
            f"{url!r} is not the address of an agent.",
            f"Write it as http://127.0.0.1:{DEFAULT_PORT}",
        ) from problem
    clean = f"{scheme}://{host}:{port}"
    return Target(key=clean, name=clean.partition("//")[2], port=port, url=clean)


def _parts_of_url(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; ValueError if there is not all of them, or more than them."""
    address = urlsplit(url)
    host = address.hostname or ""
    port = DEFAULT_PORT if address.port is None else address.port
    more = address.path.strip("/") or address.query or address.fragment or "@" in address.netloc
    if address.scheme not in ("http", "https") or not host or " " in host or not port or more:
        raise ValueError("not http://HOST:PORT")
    if ":" in host:
        return address.scheme, f"[{host}]", port
    host.encode("idna")  # as a socket will
    return address.scheme, host, port
