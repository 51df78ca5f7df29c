"""Owns YAML: finds the objects in manifests, rewrites them, and leaves all other text as it is.

Must not touch a cluster or the disk. A document that does not change comes out as it went in, with
its comments; one that changes is written anew. The only importer of yaml. Called by `cli`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import yaml

from podcov_webhook.contract import ANNOTATION_ENABLED
from podcov_webhook.decision import Context, Subject, decide, revert_object
from podcov_webhook.errors import AnnotationError, ManifestError
from podcov_webhook.kinds import NAMES, Kind, kind_of_manifest
from podcov_webhook.models import KubeObject
from podcov_webhook.notices import Notice, notice

SEPARATOR = "---\n"

_REPLACED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int")
_INTEGER = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")

_LOOKS_OTHERWISE = re.compile(
    r"[-+.]?[0-9][-+.:0-9a-zA-Z_]*|y|n|yes|no|on|off|true|false|null|~", re.I
)
"""Texts that some YAML reader takes for a number, a date or a boolean."""


@dataclass(frozen=True)
class Remark:
    """A notice about one object of a manifest."""

    where: str
    """The file, kind and name."""
    notice: Notice


@dataclass(frozen=True)
class Rendered:
    """The text of a rewritten stream, and what is to be said about it."""

    text: str
    remarks: tuple[Remark, ...]
    refusals: tuple[str, ...]
    """Why objects cannot be rewritten; if there are any, the text must not be used."""


Rewrite = Callable[[Kind, KubeObject], tuple[KubeObject, tuple[Notice, ...]]]
Say = Callable[[dict[str, Any]], tuple[Notice, ...]]
"""What there is to say about a document of another kind."""


def inject_manifests(text: str, source: str, context: Context) -> Rendered:
    """Rewrite every annotated object, as the webhook would. Raises ManifestError."""

    def rewrite(kind: Kind, obj: KubeObject) -> tuple[KubeObject, tuple[Notice, ...]]:
        namespace = obj.get("metadata", {}).get("namespace", "")
        decision = decide(Subject(kind, obj, namespace), context)
        return decision.obj, decision.notices

    return _render(text, source, rewrite, _say_unsupported)


def revert_manifests(text: str, source: str) -> Rendered:
    """Take back every rewriting. Raises ManifestError and RecordError."""
    return _render(text, source, lambda kind, obj: (revert_object(kind, obj), ()), lambda _: ())


def join_streams(texts: Sequence[str]) -> str:
    """Several streams as one."""
    joined = ""
    for text in texts:
        if joined and not text.startswith(SEPARATOR.strip()):
            joined += SEPARATOR
        joined += text if text.endswith("\n") or not text else text + "\n"
    return joined


def _render(text: str, source: str, rewrite: Rewrite, say: Say) -> Rendered:
    pieces: list[str] = []
    remarks: list[Remark] = []
    refusals: list[str] = []

    def rewrite_one(document: Any) -> Any:
        """The document rewritten, or the same object."""
        if not isinstance(document, dict):
            return document
        if document.get("kind") == "List" and isinstance(document.get("items"), list):
            items = [rewrite_one(item) for item in document["items"]]
            return document if items == document["items"] else {**document, "items": items}
        kind = kind_of_manifest(document)
        where = f"{source}: {document.get('kind')} {_name(document)}"
        if kind is None:
            remarks.extend(Remark(where, each) for each in say(document))
            return document
        try:
            changed, notices = rewrite(kind, cast(KubeObject, document))
        except AnnotationError as error:
            refusals.append(f"{where}: {error} [{error.slug}]")
            return document
        except (KeyError, TypeError, AttributeError) as error:
            raise ManifestError(f"{where} has no pod template ({error!r}); mend it") from error
        remarks.extend(Remark(where, each) for each in notices)
        return changed

    for piece, document in _split(text, source):
        changed = rewrite_one(document)
        if changed == document:
            pieces.append(piece)
        else:
            pieces.append((SEPARATOR if pieces else "") + _dump(changed))
    return Rendered("".join(pieces), tuple(remarks), tuple(refusals))


def _split(text: str, source: str) -> Iterator[tuple[str, object]]:
    """Each document's own text, its `---` included, and its content."""
    try:
        marks = [
            event.start_mark.index
            for event in yaml.parse(text, Loader=_Loader)
            if isinstance(event, yaml.DocumentStartEvent) and event.start_mark is not None
        ]
        borders = [0, *marks[1:], len(text)]
        for start, end in itertools.pairwise(borders):
            yield text[start:end], yaml.load(text[start:end], Loader=_Loader)
    except yaml.YAMLError as error:
        raise ManifestError(f"{source} is no YAML: {error}") from error


def _dump(document: object) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=10**6)
    return text


def _name(document: dict[str, Any]) -> str:
    metadata = _mapping(document.get("metadata"))
    name = metadata.get("name") or metadata.get("generateName") or "without a name"
    namespace = metadata.get("namespace")
    return f"{namespace}/{name}" if namespace else str(name)


def _say_unsupported(document: dict[str, Any]) -> tuple[Notice, ...]:
    annotations = _mapping(_mapping(document.get("metadata")).get("annotations"))
    if annotations.get(ANNOTATION_ENABLED, "false") in ("false", False):
        return ()
    return (notice("kind-unsupported", kind=document.get("kind"), supported=NAMES),)


def _mapping(value: object) -> dict[str, Any]:
    """The value, or an empty one: a document of another kind may have any shape."""
    return value if isinstance(value, dict) else {}


class _Loader(yaml.CSafeLoader):
    """Reads what kubectl reads: no dates, and no sexagesimal numbers such as 22:22."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the base class
        first: [(tag, regexp) for tag, regexp in resolvers if tag not in _REPLACED]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class _Dumper(yaml.CSafeDumper):
    """Quotes whatever another reader might not take for text; writes no anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else "'" if _LOOKS_OTHERWISE.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Dumper.add_representer(str, _represent_text)
