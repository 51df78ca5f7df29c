"""Offline rewriting of YAML: what changes, what must not, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from podcov_webhook.decision import Context
from podcov_webhook.errors import ManifestError
from podcov_webhook.manifests import inject_manifests, revert_manifests
from podcov_webhook.settings import AgentSettings

CONTEXT = Context("podcov", AgentSettings())

UNTOUCHED = """\
# a comment that stays
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  date: 2024-01-01   # odd   spacing
  script: |
    ---
    echo "not a document"
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  annotations: {coverage.io/enabled: "true"}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, version: "1e3", since: 2024-01-01, answer: "yes"}}
    spec:
      containers:
      - name: shop
        image: shop:1
        command: [gunicorn, 'shop:app', "0777", 22:22]
        env: [{name: GREETING, value: "on"}, {name: NOTE, value: "a\\nb\\n"}]
"""


def inject(text: str) -> Any:
    return inject_manifests(text, "app.yaml", CONTEXT)


def test_only_the_annotated_document_is_written_anew() -> None:
    """Documents that do not change keep every byte, comments and spacing included."""
    text = f"{UNTOUCHED}---\n{DEPLOYMENT}---\n{UNTOUCHED}"
    rendered = inject(text)
    assert rendered.text.startswith(f"{UNTOUCHED}---\n")
    assert rendered.text.endswith(f"---\n{UNTOUCHED}")
    changed = list(yaml.safe_load_all(rendered.text))[1]
    assert changed["spec"]["template"]["spec"]["initContainers"][0]["name"] == "podcov-agent"


def test_a_stream_without_annotated_objects_comes_out_as_it_went_in() -> None:
    """Not a byte differs, whatever stands between the documents."""
    text = f"%YAML 1.1\n---\n{UNTOUCHED}...\n---\n---\nkind: Other\n--- {{kind: Flow}}\n# end"
    assert inject(text).text == text
    assert inject("").text == ""


def test_texts_that_look_like_numbers_stay_texts() -> None:
    """Other YAML readers take 1e3, yes, 0777 and dates for something else: they are quoted."""
    text = inject(DEPLOYMENT).text
    for quoted in ("'1e3'", "'yes'", "'0777'", "'22:22'", "'on'", "'2024-01-01'"):
        assert quoted in text
    assert "&id" not in text


def test_revert_takes_inject_back() -> None:
    """The meaning of the reverted text is that of the original."""
    reverted = revert_manifests(inject(DEPLOYMENT).text, "app.yaml").text
    assert yaml.safe_load(reverted) == yaml.safe_load(DEPLOYMENT) | {
        "spec": yaml.safe_load(
            DEPLOYMENT.replace("2024-01-01", '"2024-01-01"').replace("22:22", '"22:22"')
        )["spec"]
    }


def test_injecting_twice_changes_no_byte() -> None:
    """A pipeline may run it again."""
    once = inject(DEPLOYMENT).text
    assert inject(once).text == once


def test_objects_inside_a_list_are_rewritten() -> None:
    """kind: List, as `kubectl get -o yaml` writes it."""
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    items = [yaml.safe_load(DEPLOYMENT), other]
    rendered = inject(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}))
    first, second = yaml.safe_load(rendered.text)["items"]
    assert "initContainers" in first["spec"]["template"]["spec"]
    assert second == other


def test_refusals_name_the_file_the_object_the_key_and_the_accepted_form() -> None:
    """A malformed annotation is reported as the webhook would."""
    rendered = inject(DEPLOYMENT.replace('"true"', '"yes"', 1))
    assert rendered.refusals == (
        "app.yaml: Deployment shop: annotation coverage.io/enabled is 'yes'; "
        'accepted: the text "true" or "false" [annotation-malformed]',
    )


def test_a_boolean_where_a_text_belongs_is_refused() -> None:
    """An unquoted true is no annotation value in Kubernetes."""
    (refusal,) = inject(DEPLOYMENT.replace('"true"', "true", 1)).refusals
    assert "annotation coverage.io/enabled is True; accepted: the text" in refusal


def test_notices_are_remarks() -> None:
    """Whatever would be a warning of kubectl is told about the object."""
    text = DEPLOYMENT.replace("    spec:\n", "    spec:\n      hostNetwork: true\n", 1)
    (remark,) = inject(text).remarks
    assert (remark.where, remark.notice.slug) == ("app.yaml: Deployment shop", "host-network")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "app.yaml is no YAML: "),
        (
            DEPLOYMENT.replace("  template:", "  other:"),
            "app.yaml: Deployment shop has no pod template (KeyError('template')); mend it",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error(text: str, message: str) -> None:
    """The message names the file and says what is wrong."""
    with pytest.raises(ManifestError) as error:
        inject(text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("value", ["'true'", "true", "'false'", None])
def test_a_kind_that_cannot_be_measured_is_said(value: str | None) -> None:
    """Where it asks to be: it comes out as it went in, and somebody waits for its coverage."""
    annotations = f"{{coverage.io/enabled: {value}}}" if value else "[none]"
    text = f"kind: StatefulSet\nmetadata: {{name: db, annotations: {annotations}}}\n"
    rendered = inject(f"{text}---\nmetadata: text\n")
    assert rendered.text == f"{text}---\nmetadata: text\n"
    asks = value in ("'true'", "true")
    assert [(each.where, each.notice.slug) for each in rendered.remarks] == (
        [("app.yaml: StatefulSet db", "kind-unsupported")] if asks else []
    )
    assert revert_manifests(text, "app.yaml").remarks == ()
