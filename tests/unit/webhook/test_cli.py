"""`podcov-webhook inject` and `revert` as people call them: streams, files, exit codes."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from podcov_webhook.cli import main
from unit.webhook.objects import deployment

CONFIG_MAP = "# kept\nkind: ConfigMap\napiVersion: v1\n"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A file with one annotated Deployment."""
    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump(deployment(), sort_keys=False))
    return file


def test_inject_and_revert_are_inverse_over_a_pipe(
    manifest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard input is `-`; nothing is said when nothing is to be said."""
    assert main(["inject", "-f", str(manifest), "--agent-image", "agent:7"]) == 0
    injected = capsys.readouterr().out
    pod = yaml.safe_load(injected)["spec"]["template"]["spec"]
    assert pod["initContainers"][0]["image"] == "agent:7"
    monkeypatch.setattr(sys, "stdin", io.StringIO(injected))
    assert main(["revert", "-f", "-"]) == 0
    streams = capsys.readouterr()
    assert yaml.safe_load(streams.out) == deployment()
    assert streams.err == ""


def test_several_files_come_out_as_one_stream(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order given, separated, each untouched one with its comments."""
    other = tmp_path / "settings.yaml"
    other.write_text(CONFIG_MAP)
    assert main(["inject", "-f", str(other), "-f", str(manifest), "-f", str(other)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{CONFIG_MAP}---\n")
    assert text.endswith(f"---\n{CONFIG_MAP}")
    kinds = [document["kind"] for document in yaml.safe_load_all(text)]
    assert kinds == ["ConfigMap", "Deployment", "ConfigMap"]


def test_a_refusal_prints_nothing_to_standard_output(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a stream must not reach `kubectl apply`; the exit code is 1."""
    manifest.write_text(manifest.read_text().replace("'true'", "'yes'"))
    assert main(["inject", "-f", str(manifest)]) == 1
    assert capsys.readouterr() == (
        "",
        f"podcov-webhook: {manifest}: Deployment shop/shop: annotation coverage.io/enabled is "
        '\'yes\'; accepted: the text "true" or "false" [annotation-malformed]\n',
    )


def test_a_warning_goes_to_standard_error(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the exit code is 0: it is what the webhook would do."""
    text = manifest.read_text().replace("dnsPolicy:", "hostNetwork: true\n      dnsPolicy:")
    manifest.write_text(text)
    assert main(["inject", "-f", str(manifest)]) == 0
    assert capsys.readouterr() == (
        text,
        f"warning: {manifest}: Deployment shop/shop: podcov: the pod uses the host's network; "
        "not measured [host-network]\n",
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.yaml", None, "cannot read {file}: [Errno 2] No such file or directory"),
        ("bad.yaml", "a: [", "{file} is no YAML: "),
        ("latin.yaml", b"\xe9", "cannot read {file}: 'utf-8' codec can't decode"),
    ],
)
def test_an_unreadable_file_is_exit_code_2(
    name: str,
    content: str | bytes | None,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The message names the file."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["inject", "-f", str(file)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith("podcov-webhook: " + message.format(file=file))
    assert streams.err.endswith("[manifest-unreadable]\n")


def test_an_unreadable_record_is_exit_code_2(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be taken back then."""
    obj = deployment()
    obj["spec"]["template"]["metadata"]["annotations"] = {"coverage.io/injected": "{}"}
    manifest.write_text(yaml.safe_dump(obj))
    assert main(["revert", "-f", str(manifest)]) == 2
    assert capsys.readouterr().err.endswith("[record-unreadable]\n")


def test_a_setting_comes_from_the_environment(
    manifest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for the server; a misspelt one is an error."""
    monkeypatch.setenv("PODCOV_WEBHOOK_AGENT_IMAGE", "from-env:1")
    assert main(["inject", "-f", str(manifest)]) == 0
    assert "image: from-env:1" in capsys.readouterr().out
    monkeypatch.setenv("PODCOV_WEBHOOK_AGENT_IMGE", "x")
    assert main(["inject", "-f", str(manifest)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        "podcov-webhook: PODCOV_WEBHOOK_AGENT_IMGE is no setting; known: PODCOV"
    )


def test_the_controller_without_a_cluster_says_where_it_looked(tmp_path: Path) -> None:
    """Exit code 2, and what to do."""
    command = [sys.executable, "-m", "podcov_webhook.cli", "control"]
    environment = {"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("podcov-webhook: no cluster: ")
    assert done.stderr.endswith(
        "; run in a pod, or set KUBECONFIG to a kubeconfig [cluster-refused]\n"
    )


def test_help_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command's."""
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("serve", "control", "inject", "revert"):
        with pytest.raises(SystemExit) as leave:
            main([command, "--help"])
        assert leave.value.code == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_without_the_extra_a_command_says_what_to_install(manifest: Path) -> None:
    """The client's installation has the program, too, but not what it needs."""
    code = "import sys; sys.modules['jsonpatch'] = None; from podcov_webhook.cli import main; "
    arguments = ["inject", "-f", str(manifest)]
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main({arguments}))"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "podcov-webhook: jsonpatch is not installed; install podcov with its extra, "
        "podcov[webhook] [extra-missing]\n"
    )
