"""The command line for people: `python -m support.cluster up|down|prepare` in the folder tests/."""

import os
import shlex
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from support.cluster import node
from support.cluster.build import kube_programs
from support.cluster.errors import ClusterError
from support.cluster.images import PYTHON, SUITES, Buildah
from support.cluster.settings import from_environment

USAGE = "usage: python -m support.cluster up|down|prepare"


def prepare(cache: Path) -> None:
    """Make what is slow to make and kept for later runs: programs and base images."""
    node.require()
    buildah = Buildah(cache)
    steps: list[Callable[[], object]] = [
        partial(kube_programs, cache),
        partial(buildah.python_image, PYTHON),
        *(partial(buildah.plain_image, version) for version in SUITES if version != PYTHON),
        buildah.build_image,
    ]
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(step) for step in steps]
    for each in done:
        each.result()


def main(arguments: list[str]) -> int:
    """Bring the cluster up or down; 0, or 1 with a reason on standard error."""
    cache = from_environment(os.environ).cache
    try:
        if arguments == ["up"]:
            cluster = node.up(cache)
            print(f"export KUBECONFIG={cluster.kubeconfig} PATH={cluster.plane.programs}:$PATH")
            print(f"export PODCOV_IMAGE_LOAD={shlex.quote(cluster.image_load)}")
        elif arguments == ["prepare"]:
            prepare(cache)
        elif arguments == ["down"]:
            print("the cluster is down" if node.down(cache) else "no cluster was up")
        else:
            print(USAGE, file=sys.stderr)
            return 2
    except (ClusterError, AssertionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
