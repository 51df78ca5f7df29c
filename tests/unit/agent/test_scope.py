"""Which files are measured, on real folders."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from podcov_agent.scope import Places, Scope, places_here


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """An application, a virtual environment inside it, a standard library, and the agent."""
    for name in (
        "app/main.py",
        "app/shop/__init__.py",
        "app/shop/api.py",
        "app/.venv/lib/python3/site-packages/click/core.py",
        "app/.venv/lib/python3/site-packages/shop_lib/a.py",
        "app/.venv/bin/gunicorn",
        "std/json/decoder.py",
        "std/site-packages/six.py",
        "podcov/podcov_agent/hook.py",
        "elsewhere/other.py",
        "src/edit/mod.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


SITE = "app/.venv/lib/python3/site-packages"


def scope(world: Path, *source: str, omit: tuple[str, ...] = (), **other: Any) -> Scope:
    cwd = str(world / "app")
    places = {
        "cwd": cwd,
        "entry": None,
        "ours": [str(world / "podcov")],
        "foreign": [str(world / "std"), str(world / "app/.venv/bin")],
        "search": [cwd, str(world / SITE), str(world / "std")],
    }
    return Scope(source, omit, Places(**{**places, **other}))


def measured(world: Path, some: Scope) -> set[str]:
    """The files of the world that are measured."""
    files = [p for p in world.rglob("*") if p.suffix == ".py" or p.name == "gunicorn"]
    return {str(p.relative_to(world)) for p in files if some.measured(str(p))}


OWN = {"app/main.py", "app/shop/__init__.py", "app/shop/api.py"}


def test_the_working_directory_is_measured_but_not_what_others_wrote_in_it(world: Path) -> None:
    assert measured(world, scope(world)) == OWN


def test_the_entry_scripts_folder_is_measured(world: Path) -> None:
    """The entry counts also when it was named relative to the working directory."""
    some = scope(world, cwd=str(world / "app/shop"), entry="../../elsewhere/other.py")
    assert measured(world, some) == {
        "app/shop/__init__.py",
        "app/shop/api.py",
        "elsewhere/other.py",
    }


def test_a_console_script_is_not_the_users_code(world: Path) -> None:
    some = scope(world, cwd=str(world / "app/shop"), entry=str(world / "app/.venv/bin/gunicorn"))
    assert "app/.venv/bin/gunicorn" not in measured(world, some)


def test_the_root_folder_as_working_directory_measures_only_the_users_code(world: Path) -> None:
    assert measured(world, scope(world, cwd=str(world))) == OWN | {
        "elsewhere/other.py",
        "src/edit/mod.py",
    }


def test_a_source_directory_takes_the_place_of_the_default(world: Path) -> None:
    assert measured(world, scope(world, "shop")) == OWN - {"app/main.py"}
    assert measured(world, scope(world, "../elsewhere")) == {"elsewhere/other.py"}


def test_a_source_directory_leaves_out_the_environment_that_lies_in_it(world: Path) -> None:
    assert measured(world, scope(world, ".")) == OWN


def test_a_source_inside_site_packages_wins(world: Path) -> None:
    assert measured(world, scope(world, "click")) == {f"{SITE}/click/core.py"}
    assert measured(world, scope(world, str(world / SITE / "shop_lib"))) == {
        f"{SITE}/shop_lib/a.py"
    }


def test_a_source_package_is_whole_names_only(world: Path) -> None:
    """`shop_lib` is not part of `shop`, and `clic` is not `click`."""
    assert measured(world, scope(world, "clic")) == set()


def test_a_source_package_of_the_standard_library_is_measured(world: Path) -> None:
    assert measured(world, scope(world, "json")) == {"std/json/decoder.py"}


def test_a_source_package_that_no_path_shows_is_found_by_the_modules_name(world: Path) -> None:
    path = str(world / "elsewhere/other.py")
    assert scope(world, "deep.pkg").measured(path, "deep.pkg.other") == path
    assert scope(world, "deep.pkg").measured(path, "deep.pkgs") is None


def test_the_agent_is_never_measured(world: Path) -> None:
    assert measured(world, scope(world, str(world / "podcov"))) == set()
    assert measured(world, scope(world, "podcov_agent", search=[str(world / "podcov")])) == set()


def install(world: Path, origin: dict[str, Any], *files: str) -> None:
    info = world / SITE / "shop_lib-1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text(json.dumps(origin))
    (info / "RECORD").write_text("".join(f"{name},sha256=x,1\n" for name in files))


@pytest.mark.parametrize(
    "origin",
    [
        {"url": "file:///src", "dir_info": {}},
        {"url": "https://git/x", "vcs_info": {"vcs": "git", "commit_id": "0"}},
    ],
)
def test_a_package_installed_from_a_directory_or_vcs_is_measured(
    world: Path, origin: dict[str, Any]
) -> None:
    install(world, origin, "shop_lib/a.py", "shop_lib-1.0.dist-info/RECORD")
    assert measured(world, scope(world)) == {*OWN, f"{SITE}/shop_lib/a.py"}


def test_a_package_installed_from_an_archive_is_not(world: Path) -> None:
    install(world, {"url": "file:///x.whl", "archive_info": {}}, "shop_lib/a.py")
    assert measured(world, scope(world)) == OWN


def test_an_editable_install_is_measured_where_its_source_lies(world: Path) -> None:
    """Its URL is escaped."""
    folder = world / "s r c"
    (world / "src").rename(folder)
    url = "file://" + str(folder).replace(" ", "%20")
    install(world, {"url": url, "dir_info": {"editable": True}}, "edit.pth")
    assert measured(world, scope(world)) == {*OWN, "s r c/edit/mod.py"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"dir_info": 1}', '"dir_info"'])
def test_a_broken_record_of_an_install_means_it_is_not_local(world: Path, text: str) -> None:
    install(world, {}, "shop_lib/a.py")
    (world / SITE / "shop_lib-1.0.dist-info/direct_url.json").write_text(text)
    assert measured(world, scope(world)) == OWN


def test_real_paths_are_compared_and_answered(world: Path) -> None:
    (world / "link").symlink_to(world / "app")
    (world / "elsewhere/linked.py").symlink_to(world / "app/main.py")
    some = scope(world, cwd=str(world / "link"))
    assert some.measured(str(world / "link/main.py")) == str(world / "app/main.py")
    assert some.measured(str(world / "elsewhere/linked.py")) == str(world / "app/main.py")
    assert some.measured(str(world / "link/../elsewhere/other.py")) is None


def test_a_folder_whose_name_begins_alike_is_another_folder(world: Path) -> None:
    (world / "app2").mkdir()
    (world / "app2/x.py").write_text("")
    assert scope(world).measured(str(world / "app2/x.py")) is None


def test_omit_takes_files_out(world: Path) -> None:
    assert measured(world, scope(world, omit=("*/api.py",))) == OWN - {"app/shop/api.py"}
    assert measured(world, scope(world, omit=("shop/*",))) == {"app/main.py"}
    assert measured(world, scope(world, "click", omit=("core.py",))) == set()


def test_a_bad_pattern_is_refused_by_name(world: Path) -> None:
    with pytest.raises(ValueError, match=r"'a\*\*' is not a pattern"):
        scope(world, omit=("a**",))


def test_site_packages_is_not_listed_until_a_file_there_is_asked_about(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    plain = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(str(path)) or plain(path))
    some = scope(world)
    some.measured(str(world / "app/main.py"))
    some.measured(str(world / "std/json/decoder.py"))
    assert listed == []
    some.measured(str(world / SITE / "click/core.py"))
    assert listed == [str(world / SITE)]


def test_the_places_of_this_interpreter_hold_its_standard_library_and_scripts() -> None:
    here = places_here(None, [])
    some = Scope((), (), Places("/", None, [], here.foreign, here.search))
    assert some.measured(json.__file__) is None
    assert some.measured(pytest.__file__) is None
    assert some.measured(__file__) == os.path.realpath(__file__)


def test_a_link_in_a_folder_of_others_is_judged_by_where_it_leads(world: Path) -> None:
    """A folder is judged once, by its first file; a link beside that file leads elsewhere."""
    site, some = world / SITE, scope(world)
    (site / "click/linked.py").symlink_to(world / "app/shop/api.py")
    assert some.measured(str(site / "click/core.py")) is None
    assert some.measured(str(site / "click/linked.py")) == str(world / "app/shop/api.py")
    (world / "app/shop/foreign.py").symlink_to(site / "click/core.py")
    assert some.measured(str(world / "app/shop/api.py"))
    assert some.measured(str(world / "app/shop/foreign.py")) is None


def test_a_file_of_no_known_place_is_asked_about_again_once_the_path_has_grown(
    world: Path,
) -> None:
    """Its neighbour was not measured, when no entry of sys.path knew of the editable install."""
    search: list[str] = []
    some = scope(world, search=search)
    (world / "src/edit/late.py").write_text("")
    assert some.measured(str(world / "src/edit/mod.py")) is None
    install(world, {"url": f"file://{world}/src", "dir_info": {"editable": True}})
    search.append(str(world / SITE))
    assert some.measured(str(world / "src/edit/late.py"))


def test_only_a_local_packages_own_files_are_measured_in_a_shared_folder(world: Path) -> None:
    """Single modules of several packages lie side by side in site-packages."""
    install(world, {"url": "file:///w", "dir_info": {}}, "mine.py")
    for name in ("mine.py", "theirs.py"):
        (world / SITE / name).write_text("")
    assert measured(world, scope(world)) == {*OWN, f"{SITE}/mine.py"}
