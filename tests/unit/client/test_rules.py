"""coverage.py's settings of the project decide what a report is about."""

from pathlib import Path

import pytest
from podcov import Session
from podcov.errors import NoDataError, SettingError
from podcov.rules import Rules, package_folder, read_rules
from support.project import APP, Project

from .conftest import Agent


def names(project: Project, agent: Agent, *source: str, rcfile: str | None = None) -> list[str]:
    """The files of a report."""
    collection = Session(urls=[agent.url], source=source, rcfile=rcfile).collect()
    return [str(Path(file.path).relative_to(project.root)) for file in collection.require_files()]


@pytest.fixture
def shop(project: Project, agent: Agent) -> Project:
    """`app.py` and `tests/probe.py` ran in the pod; `never.py` did not, `odd/x.py` cannot."""
    project.write("shop/never.py", APP + "# never\n")
    project.write("shop/odd/x.py", APP + "# odd\n")
    project.write("tests/probe.py", "import shop.app\n")
    agent.run(project, "shop/__init__.py")
    agent.run(project, "shop/app.py", 1, 4)
    agent.run(project, "tests/probe.py", 1)
    return project


LOADED = ["shop/__init__.py", "shop/app.py", "tests/probe.py"]
PACKAGE = ["shop/__init__.py", "shop/app.py", "shop/never.py"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", LOADED),
        ("[run]\nsource = shop\n", PACKAGE),
        ("[run]\nsource_pkgs = shop\n", PACKAGE),
        ("[run]\nsource_pkgs = shop.app\n", ["shop/app.py"]),
        ("[run]\nsource = shop\ninclude = tests/*\n", PACKAGE),
        ("[run]\nsource = shop\nomit = */never.py\n", PACKAGE[:2]),
        ("[run]\ninclude = tests/*\n", LOADED[2:]),
        ("[run]\nomit = tests/*\n", LOADED[:2]),
    ],
)
def test_the_projects_settings_say_which_files_a_report_is_about(
    shop: Project, agent: Agent, settings: str, expected: list[str]
) -> None:
    """As `coverage run` would have measured here."""
    shop.write(".coveragerc", settings)
    assert sorted(names(shop, agent)) == expected


def test_a_named_source_takes_the_place_of_the_projects(shop: Project, agent: Agent) -> None:
    """And what is omitted stays omitted."""
    shop.write(".coveragerc", "[run]\nsource = tests\nomit = shop/__init__.py\n")
    assert sorted(names(shop, agent, "shop")) == PACKAGE[1:]


def test_another_file_of_settings_can_be_named(shop: Project, agent: Agent) -> None:
    """It is the one that counts, for the report's own settings as well."""
    shop.write(".coveragerc", "[run]\nsource = tests\n")
    shop.write("other.ini", "[run]\nsource = shop\n[report]\nexclude_also = def part\n")
    assert sorted(names(shop, agent, rcfile="other.ini")) == PACKAGE
    table = Session(urls=[agent.url], rcfile="other.ini").collect().table()
    assert "shop/app.py            5      3    40%" in table.text


def test_a_file_of_which_the_pod_runs_another_version_is_not_called_unexecuted(
    shop: Project, agent: Agent
) -> None:
    """It ran; what of this version would have run, nobody knows."""
    shop.write("shop/app.py", APP + "# edited\n")
    collection = Session(urls=[agent.url], source=["shop"]).collect()
    assert [item.local for item in collection.stale] == [str(shop.root / "shop/app.py")]
    assert collection.unexecuted == (str(shop.root / "shop/never.py"),)


def test_files_that_nothing_imported_are_no_data(shop: Project, agent: Agent) -> None:
    """A report of 0 % where nothing maps would hide that nothing was found."""
    shop.write(".coveragerc", "[run]\nsource = shop\nomit = shop/app.py,shop/__init__.py\n")
    with pytest.raises(NoDataError) as caught:
        names(shop, agent)
    assert caught.value.message == (
        "coverage.py's settings leave out every measured file; "
        f"the first is {shop.root / 'shop/__init__.py'}."
    )


def test_a_named_path_settles_what_contents_cannot(project: Project, agent: Agent) -> None:
    """Two equal files here: `[paths]` knows which one the image was built from."""
    for folder in ("one", "two"):
        project.write(f"{folder}/mod.py", "x = 1\n")
    agent.writer.run("/srv/mod.py", 1, blob=project.blob("one/mod.py"))
    session = Session(urls=[agent.url])
    assert session.collect().files == ()
    project.write(".coveragerc", "[paths]\nsource =\n    two/\n    /srv/\n")
    assert [file.path for file in session.collect().files] == [str(project.root / "two/mod.py")]


@pytest.mark.parametrize(
    "settings",
    ["[run]\nomit = a**b\n", "[run]\nsource = /\nbranch = maybe\n", "[run\n"],
)
def test_settings_that_coverage_refuses_are_refused(project: Project, settings: str) -> None:
    """Before a pod is asked, with coverage.py's own words."""
    project.write(".coveragerc", settings)
    with pytest.raises(SettingError, match="refuses the settings of this project: "):
        Session(urls=["127.0.0.1:1"]).collect()


def test_a_file_of_settings_that_is_not_there_is_refused(project: Project) -> None:
    """The one that was named."""
    with pytest.raises(SettingError, match="nowhere"):
        read_rules("nowhere.ini")


def test_patterns_mean_the_same_in_every_working_directory(project: Project) -> None:
    """The agent gets them, and its processes are anywhere."""
    project.write(".coveragerc", "[run]\nomit = tests/*, */x.py, conf.py\n")
    assert read_rules(None).omit == (
        f"{project.root}/tests/*",
        "*/x.py",
        "conf.py",
        f"{project.root}/conf.py",
    )


@pytest.mark.parametrize(
    ("path", "package", "expected"),
    [
        ("src/shop/a.py", "shop", "src/shop"),
        ("src/shop/sub/a.py", "shop.sub", "src/shop/sub"),
        ("src/shop/sub/a.py", "sub", ""),
        ("src/shop/a.py", "shop.a", "src/shop/a.py"),
        ("src/shop/a.py", "sho", ""),
        ("ns/part/a.py", "ns.part", "ns/part"),
        ("part/ns/part/a.py", "part", "part/ns/part"),
        ("setup.py", "{project}", ""),
    ],
)
def test_a_package_is_known_by_its_folders(
    project: Project, path: str, package: str, expected: str
) -> None:
    """`__init__.py` decides where a package begins; the project's own folder is none."""
    for name in ("src/shop/__init__.py", "src/shop/sub/__init__.py", path):
        project.write(name, "")
    found = package_folder(str(project.root / path), package.format(project=project.root.name))
    assert found == (str(project.root / expected) if expected else "")


def test_without_settings_every_measured_file_is_wanted() -> None:
    """And nothing is added."""
    assert Rules().wants("/anything.py")
    assert Rules().find_unexecuted(["/anything.py"]) == ()
    assert Rules().place("/anything.py") == ""
