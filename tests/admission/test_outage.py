"""What happens to users while the webhook is away."""

from pathlib import Path

import pytest
from admission.conftest import MakeNamespace, serving, sidecars
from admission.manifests import ENABLED, make_deployment
from support.certificates import PairFiles
from support.cluster.kubectl import Tools
from support.webhook import running_webhook

pytestmark = pytest.mark.admission

AGAIN = (f"{ENABLED}=true", "--overwrite")


def test_an_object_admitted_during_an_outage_is_healed_by_annotating_again(
    tools: Tools, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    """Down: admitted untouched. Up again: a no-op annotation of ours is enough to inject."""
    namespace = make_namespace(served_by="fragile")
    folder = tmp_path / "webhook"
    with serving(tools, folder, "fragile") as webhook:
        webhook.process.kill()
        webhook.process.wait()
        tools.send("create", make_deployment(namespace, enabled="true"))
        assert sidecars(tools.get("deployment", "shop", namespace)) == []
        files = PairFiles(folder / "tls.crt", folder / "tls.key")
        with running_webhook(files, webhook.ca_file, "--port", str(webhook.port)):
            tools.kubectl("annotate", "deployment", "shop", "-n", namespace, *AGAIN)
        assert sidecars(tools.get("deployment", "shop", namespace)) == ["podcov-agent"]
