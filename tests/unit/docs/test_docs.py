"""What the documentation says can be followed: links, commands, options, targets."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path
from typing import get_args

import click
import pytest
from podcov.cli import COMMANDS, Commands
from podcov.pytest_plugin import OPTIONS
from podcov_webhook import cli as webhook_cli
from podcov_webhook import contract as webhook_contract
from podcov_webhook.decision import Outcome
from podcov_webhook.metrics import ReviewCounter

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/*/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _written(program: str) -> list[str]:
    """Every command of a program in any page, in a block of code or within a sentence."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = [line for block in FENCE.findall(text) for line in block.splitlines()]
        for line in [*blocks, *INLINE.findall(FENCE.sub("", text))]:
            command = re.sub(r"\s+#.*", "", line.strip())
            if re.match(rf"{re.escape(program)}(\s|$)", command) and "…" not in command:
                found.append(command)
    return sorted(set(found))


def _arguments(command: str) -> list[str]:
    return [word for word in shlex.split(command)[1:] if word not in ("--help", "--version")]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the repository."""
    targets = [target for target, _ in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("command", _written("podcov"))
def test_commands_of_the_client_parse(command: str) -> None:
    """Each `podcov ...` is a command with arguments that it accepts."""
    words = _arguments(command)
    if not words:
        return
    assert words[0] in COMMANDS, command
    group = Commands(name="podcov")
    found = group.get_command(click.Context(group), words[0])
    assert found is not None
    if words[1:] or words[0] != "run":  # within a sentence, `podcov run` is only a name
        found.make_context(words[0], words[1:])


@pytest.mark.parametrize("command", _written("podcov-webhook"))
def test_commands_of_the_webhook_parse(command: str) -> None:
    """Each `podcov-webhook ...` is a command with arguments that it accepts."""
    words = _arguments(command)
    if not words or words in ([name] for name in webhook_cli.COMMANDS):
        return  # only a name, or its help
    webhook_cli._parser(words[:1]).parse_args(words)


@pytest.mark.parametrize("command", _written("pytest"))
def test_options_of_the_plugin_exist(command: str) -> None:
    """Each `pytest --podcov...` uses options that the plugin has."""
    used = re.findall(r"--podcov(?:-([a-z-]+))?", command)
    assert {name.replace("-", "_") for name in used if name} <= set(OPTIONS)


def test_the_page_of_the_plugin_lists_every_option() -> None:
    """docs/pytest.md and the plugin have the same options, each with its ini key."""
    text = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `--podcov-([a-z-]+) [A-Z/]+` \| `podcov_([a-z_]+)` \|", text, re.MULTILINE
    )
    assert {option.replace("-", "_") for option, _ in rows} == set(OPTIONS)
    assert all(option.replace("-", "_") == key for option, key in rows)


@pytest.mark.parametrize("command", _written("make"))
def test_targets_exist(command: str) -> None:
    """Each `make TARGET` is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    words = [word for word in shlex.split(command)[1:] if "=" not in word]
    assert set(words) <= targets


def test_every_command_is_written_about() -> None:
    """No command of the client is missing from the guide and the README."""
    told = " ".join(_written("podcov"))
    assert [name for name in COMMANDS if f"podcov {name}" not in told] == []


def test_the_page_of_annotations_lists_those_that_have_an_effect() -> None:
    """docs/annotations.md and the webhook know the same."""
    text = (ROOT / "docs" / "annotations.md").read_text(encoding="utf-8")
    known = {
        value
        for name, value in vars(webhook_contract).items()
        if name.startswith("ANNOTATION_") and name != "ANNOTATION_PREFIX"
    }
    written = set(re.findall(r"^\| `(coverage\.io/[a-z]+)` \|", text, re.MULTILINE))
    assert written == known - {webhook_contract.ANNOTATION_INJECTED}
    assert f"| the port of the sidecar | `{webhook_contract.DEFAULT_PORT}` |" in text


def test_the_page_of_the_chart_lists_every_metric_and_outcome() -> None:
    """docs/chart.md and the webhook know the same."""
    text = (ROOT / "docs" / "chart.md").read_text(encoding="utf-8")
    shown = ReviewCounter().render(dt.datetime.now(dt.timezone.utc), 0)
    rows = re.findall(r"^\| `(podcov_webhook_[a-z_]+)` \| (.*) \|$", text, re.MULTILINE)
    assert [name for name, _ in rows] == re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE)
    outcomes = set(re.findall(r"`([a-z]+)`", rows[0][1])) - {"outcome"}
    assert outcomes == {*get_args(Outcome), "refused", "failed", "malformed"}
