"""Pod templates of every shape that an API server or a person's YAML may hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("shop", "worker", "istio-proxy", "a" * 63)
ENV_NAMES = ("PYTHONPATH", "PATH", "DEBUG")

words = st.text("abc$(){}/:é ", max_size=8)
absent = object()


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The key is missing, null, or there."""
    return st.one_of(st.just(absent), st.none(), strategy)


@st.composite
def shuffled(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """An object with these keys, some of them missing, in any order."""
    made = {}
    for key in draw(st.permutations(list(keys))):
        value = draw(keys[key])
        if value is not absent:
            made[key] = value
    return made


value_from = st.just({"configMapKeyRef": {"name": "paths", "key": "python", "optional": True}})
env_entries = st.lists(
    st.one_of(
        shuffled({"name": st.sampled_from(ENV_NAMES), "value": st.one_of(st.just(absent), words)}),
        shuffled({"name": st.sampled_from(ENV_NAMES), "valueFrom": value_from}),
    ),
    max_size=4,
)
mounts = st.lists(
    shuffled({"name": st.just("data"), "mountPath": st.sampled_from(["/data", "/podcovx"])}),
    max_size=2,
)


def containers(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """A container with this name."""
    return shuffled(
        {
            "name": st.just(name),
            "image": st.just(f"{name}:1"),
            "imagePullPolicy": st.one_of(st.just(absent), st.just("Always")),
            "command": maybe(st.lists(words, max_size=3)),
            "args": maybe(st.lists(words, max_size=2)),
            "env": maybe(env_entries),
            "envFrom": maybe(st.just([{"configMapRef": {"name": "settings"}}])),
            "volumeMounts": maybe(mounts),
            "securityContext": maybe(st.just({"runAsUser": 7, "privileged": True})),
            "livenessProbe": st.one_of(st.just(absent), st.just({"exec": {"command": ["true"]}})),
        }
    )


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A pod template that carries nothing of ours."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    spec = shuffled(
        {
            "containers": st.tuples(*map(containers, names)).map(list),
            "initContainers": maybe(st.lists(containers("prepare"), max_size=1)),
            "volumes": maybe(st.lists(st.just({"name": "data", "emptyDir": {}}), max_size=1)),
            "shareProcessNamespace": st.one_of(st.just(absent), st.booleans()),
            "nodeSelector": maybe(st.just({"kubernetes.io/os": "linux"})),
        }
    )
    annotations = st.dictionaries(st.sampled_from(["team", "coverage.io/x"]), words, max_size=2)
    metadata = shuffled({"labels": st.just({"app": "shop"}), "annotations": maybe(annotations)})
    return draw(shuffled({"metadata": maybe(metadata), "spec": spec}))


@st.composite
def options(draw: st.DrawFn) -> dict[str, str]:
    """Annotations that are well formed, but for `containers`."""
    keys = {
        "source": st.one_of(st.just(absent), words),
        "omit": st.one_of(st.just(absent), words),
        "port": st.one_of(st.just(absent), st.just("9100")),
        "branch": st.one_of(st.just(absent), st.sampled_from(["true", "false"])),
    }
    return draw(shuffled(keys))


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=4,
)
"""Any JSON value."""
