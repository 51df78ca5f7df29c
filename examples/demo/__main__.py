"""`make demo`: the example shop, measured while its own tests run.

Without CLUSTER everything happens on this machine and no Kubernetes is needed; with CLUSTER=kind, a
context or a kubeconfig's path the same happens there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import cluster
import local
from processes import ENDING
from say import DemoError, console, failure, shown

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--cluster",
        default=os.environ.get("CLUSTER", ""),
        help="kind, a context, or the path of a kubeconfig (default: $CLUSTER; else no cluster)",
    )
    parser.add_argument(
        "--build", type=Path, default=ROOT / "build" / "demo", help="folder for everything it makes"
    )
    parser.add_argument("--node-port", type=int, default=30080, help="of the shop, in a cluster")
    args = parser.parse_args()
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)
    demo = local.Demo(ROOT, args.build.resolve())
    try:
        if args.cluster:
            status = cluster.run(demo, args.cluster, args.node_port)
        else:
            status = local.run(demo)
    except DemoError as error:
        failure(error)
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped; everything that the demo started has ended")
        return 130
    if status == 0:
        _what_next(demo, args.cluster)
    return status


def _what_next(demo: local.Demo, name: str) -> None:
    console.print(f"\nThe report as a page: [cyan]{shown(demo.html / 'index.html')}[/]")
    if name:
        kubeconfig = f"KUBECONFIG={shown(demo.build / 'kubeconfig')}"
        console.print(f"Next: [bold]{kubeconfig} .venv/bin/podcov status deploy/shop -n shop[/]")
        console.print(
            f"Remove everything: {kubeconfig} sh -c"
            " 'kubectl delete namespace shop; helm uninstall podcov -n podcov'"
        )
    else:
        console.print("Next, the same in a real cluster: [bold]make demo CLUSTER=kind[/]")


if __name__ == "__main__":
    sys.exit(main())
