"""Owns `CoverageClient`: the method names of the original client, thin over `Session`.

For programs written for it; new ones use Session. Data files are named `.coverage.<label>` in
`output_dir`.
"""

from collections.abc import Sequence
from pathlib import Path

from podcov.contract import DEFAULT_SESSION
from podcov.covdata import make_table, merge_data, read_data, write_report
from podcov.errors import require_all
from podcov.session import Session

MERGED = ".coverage"


class CoverageClient:
    """Collects from pods into files, and reports what was collected."""

    def __init__(
        self,
        namespace: str = "default",
        output_dir: str = "./coverage-output",
        source_dir: str = ".",
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        forward: str = "native",
        timeout_s: float = 30.0,
    ) -> None:
        self.namespace = namespace
        self.output_dir = Path(output_dir)
        self.source_dir = source_dir
        self.kubeconfig = kubeconfig
        self.context = context
        self.forward = forward
        self.timeout_s = timeout_s

    def get_pod_name(self, label_selector: str) -> str:
        """The first pod, by name, that the selector picks and that has an agent."""
        return self._session(selector=label_selector).targets()[0].name

    def collect_coverage_from_pod(self, pod_name: str, label: str = "coverage") -> Path:
        """Collect since the last reset into `.coverage.<label>`; its path."""
        collection = self._session(pod_name).collect(since=DEFAULT_SESSION)
        return collection.save(self._path(label))

    def reset_coverage(self, pod_name: str) -> None:
        """What is collected from now on begins now."""
        interval = self._session(pod_name).reset()
        require_all(len(interval.answered), [(item.name, item.error) for item in interval.failed])

    def generate_coverage_report(self, label: str = "") -> str:
        """coverage.py's table of a label's data, or of the merged data."""
        return make_table(read_data(self._path(label))).text

    def generate_html_report(self, label: str = "") -> Path:
        """Write `html/` beside the data; the path of its index page."""
        folder = self.output_dir / "html"
        write_report(read_data(self._path(label)), "html", folder)
        return folder / "index.html"

    def generate_xml_report(self, label: str = "") -> Path:
        """Write `coverage.xml` beside the data; its path."""
        file = self.output_dir / "coverage.xml"
        write_report(read_data(self._path(label)), "xml", file)
        return file

    def merge_coverage_files(self, labels: Sequence[str]) -> Path:
        """Join the data of several labels into `.coverage`; its path."""
        merge_data([self._path(label) for label in labels], self._path(""))
        return self._path("")

    def _path(self, label: str) -> Path:
        return self.output_dir / (f"{MERGED}.{label}" if label else MERGED)

    def _session(self, pod_name: str = "", *, selector: str = "") -> Session:
        return Session(
            f"pod/{pod_name}" if pod_name else None,
            namespace=self.namespace,
            selector=selector,
            source=[] if self.source_dir == "." else [self.source_dir],
            kubeconfig=self.kubeconfig,
            context=self.context,
            forward=self.forward,
            timeout_s=self.timeout_s,
        )
