"""Owns container images made without a container daemon: by buildah, from Debian packages.

Must not load them into a cluster. Called by `builders` and, for the sandbox image, by `node`.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.cluster import packages
from support.cluster.commands import run, say
from support.cluster.files import write_whole
from support.cluster.locks import locked
from support.cluster.pip_settings import mounts

BUSYBOX = "localhost/podcov-busybox:1"
"""A static busybox and nothing else. As it sleeps, it is a pod's sandbox too."""
BUSYBOX_DOCKERFILE = """FROM scratch
COPY busybox /bin/busybox
ENTRYPOINT ["/bin/busybox", "sleep", "2147483647"]
"""
# A Debian release for each Python that comes with one.
SUITES = {"3.11": "bookworm", "3.13": "trixie", "3.14": "forky"}
PYTHON = "3.13"
"""What our own images are built on."""
# A release in the making: its mirrors may be behind.
OPTIONS = {"forky": ['--aptopt=Acquire::Check-Valid-Until "false"']}
PACKAGES = "python3,python3-pip,ca-certificates"
PLAIN_PACKAGES = "python3"
"""For applications that need nothing but the library."""
BUILD_PACKAGES = "gcc,libc6-dev,python3-dev"
"""What Dockerfile.agent compiles with: 10 KB for the image, so nothing of this gets into it."""
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


@dataclass(frozen=True)
class Buildah:
    """Images in a storage of our own inside the cache folder."""

    cache: Path

    def python_image(self, version: str) -> str:
        """A small Debian with that Python and pip: a base image. Made once per machine."""
        return self._debian("python", version, PACKAGES)

    def plain_image(self, version: str) -> str:
        """A small Debian with that Python and nothing for it. Made once per machine."""
        return self._debian("plain", version, PLAIN_PACKAGES)

    def build_image(self) -> str:
        """A Debian with a C compiler and Python's headers. Made once per machine."""
        return self._debian("build", PYTHON, BUILD_PACKAGES)

    def busybox_image(self) -> str:
        """The image BUSYBOX; its name."""
        with locked(self.cache / "busybox.lock", "another process makes the busybox image"):
            if not self._exists(BUSYBOX):
                with tempfile.TemporaryDirectory(dir=self.cache) as folder:
                    context = Path(folder)
                    (context / "Dockerfile").write_text(BUSYBOX_DOCKERFILE)
                    run(["cp", "/bin/busybox", context / "busybox"])
                    self.build(context / "Dockerfile", context, BUSYBOX, {})
        return BUSYBOX

    def build(self, dockerfile: Path, context: Path, ref: str, arguments: Mapping[str, str]) -> str:
        """Build `ref` and return what the build printed. Unchanged layers are reused."""
        options = ["--layers", "--isolation", "chroot", "--network", "host", "--tag", ref]
        for name, value in arguments.items():
            options += ["--build-arg", f"{name}={value}"]
        for source, target in mounts(self.cache).items():
            options += ["--volume", f"{source}:{target}:ro"]
        policy = ["--signature-policy", str(self._policy())]
        return self._run("build", *options, *policy, "--file", str(dockerfile), str(context))

    def save(self, ref: str, archive: Path) -> None:
        """Write `ref` as a docker-archive."""
        policy = ["--signature-policy", str(self._policy())]
        archive.unlink(missing_ok=True)
        self._run("push", *policy, "--quiet", ref, f"docker-archive:{archive}:{ref}")

    def _debian(self, name: str, version: str, packages_in_it: str) -> str:
        suite = SUITES[version]
        recipe = hashlib.sha256(f"{suite} {packages_in_it}".encode()).hexdigest()[:8]
        ref = f"localhost/podcov-{name}:{version}-{recipe}"
        with locked(self.cache / f"{name}-{version}.lock", "another process makes base images"):
            if not self._exists(ref):
                self._bootstrap(suite, packages_in_it, ref)
        return ref

    def _bootstrap(self, suite: str, packages_in_it: str, ref: str) -> None:
        say(f"making the base image {ref} from Debian {suite} (a minute, once per machine) ...")
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            context = Path(folder)
            mmdebstrap = str(packages.path_of("mmdebstrap"))
            run(
                [
                    mmdebstrap,
                    "--quiet",
                    "--variant=essential",
                    f"--include={packages_in_it}",
                    *OPTIONS.get(suite, []),
                    suite,
                    context / "root.tar",
                ]
            )
            dockerfile = context / "Dockerfile"
            dockerfile.write_text("FROM scratch\nADD root.tar /\n")
            self.build(dockerfile, context, ref, {})

    def _exists(self, ref: str) -> bool:
        names = json.loads(self._run("images", "--json") or "null") or []
        return any(ref in (image.get("names") or []) for image in names)

    def _policy(self) -> Path:
        """Trust every image: all of them are made here."""
        path = self.cache / "policy.json"
        write_whole(path, json.dumps(POLICY))
        return path

    def _run(self, *arguments: str) -> str:
        self.cache.mkdir(parents=True, exist_ok=True)
        storage = ["--storage-driver", "overlay", "--root", str(self.cache / "storage")]
        runroot = ["--runroot", "/run/podcov-buildah"]
        return run([packages.path_of("buildah"), *storage, *runroot, *arguments])


def busybox_archive(cache: Path) -> Path:
    """The image BUSYBOX as a file, made once per machine."""
    archive = cache / "busybox.tar"
    if not archive.exists():
        buildah = Buildah(cache)
        buildah.busybox_image()
        with locked(cache / "busybox.lock", "another process writes the busybox image"):
            buildah.save(BUSYBOX, archive)
    return archive
