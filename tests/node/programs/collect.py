"""Collects from a workload in each of several namespaces, as podcov's client does.

    collect.py KUBECONFIG WORKLOAD SOURCE FOLDER NAMESPACE [NAMESPACE ...]

Writes a data file FOLDER/NAMESPACE for each, and prints the notes of each as JSON. A program of its
own, as fetch.py, and one for all of them: the kubernetes library takes long to import.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from podcov import Session


def main(kubeconfig: str, workload: str, source: str, folder: str, *namespaces: str) -> None:
    def collect(namespace: str) -> list[object]:
        session = Session(
            workload, namespace=namespace, source=[source], kubeconfig=kubeconfig, timeout_s=60
        )
        collection = session.collect()
        collection.require_complete()
        collection.save(Path(folder) / namespace)
        return [asdict(note) for note in collection.notes]

    with ThreadPoolExecutor() as pool:
        found = dict(zip(namespaces, pool.map(collect, namespaces), strict=True))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
