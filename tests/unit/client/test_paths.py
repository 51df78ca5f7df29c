"""The mapping: content first, then neighbours, then the end of the path, else nothing."""

from podcov.models import Source
from podcov.paths import EMPTY_BLOB, Kind, LocalFile, Match, index_files, match_sources

SAME, STALE, UNMAPPED = Kind.SAME, Kind.STALE, Kind.UNMAPPED


def remote(path: str, blob: str) -> Source:
    return Source(path, blob, frozenset({1}), frozenset())


def local(relative: str, blob: str, known: bool = True) -> LocalFile:
    return LocalFile(f"/repo/{relative}", relative, frozenset({blob}), known)


def match(sources: list[Source], files: list[LocalFile]) -> list[tuple[Kind, str]]:
    found = match_sources(sources, index_files(files))
    return [(item.kind, item.local.removeprefix("/repo/")) for item in found]


def test_the_same_content_is_the_same_file_under_any_name() -> None:
    """An image may copy a file to another name; the lines are its lines."""
    assert match([remote("/app/main.py", "a")], [local("src/shop.py", "a")]) == [
        (SAME, "src/shop.py")
    ]


def test_equal_files_are_told_apart_by_the_end_of_the_path() -> None:
    """Empty package files are all alike; their folders are not."""
    files = [local("shop/__init__.py", EMPTY_BLOB), local("tests/__init__.py", EMPTY_BLOB)]
    assert match([remote("/app/shop/__init__.py", EMPTY_BLOB)], files) == [
        (SAME, "shop/__init__.py")
    ]


def test_equal_files_are_told_apart_by_their_neighbours() -> None:
    """Two services share a copied file; the one that lies beside the pod's other files is meant."""
    files = [local("a/common.py", "c"), local("b/common.py", "c"), local("b/main.py", "m")]
    sources = [remote("/app/common.py", "c"), remote("/app/main.py", "m")]
    assert match(sources, files) == [(SAME, "b/common.py"), (SAME, "b/main.py")]


def test_equal_files_that_nothing_tells_apart_stay_unmapped() -> None:
    """Never a guess."""
    files = [local("a/common.py", "c"), local("b/common.py", "c")]
    assert match([remote("/app/common.py", "c")], files) == [(UNMAPPED, "")]


def test_what_git_ignores_counts_only_where_there_is_nothing_else() -> None:
    """A build folder holds copies of every source."""
    copies = [local("build/lib/shop/app.py", "a", known=False), local("shop/app.py", "a")]
    assert match([remote("/app/shop/app.py", "a")], copies) == [(SAME, "shop/app.py")]
    generated = [local("shop/_version.py", "v", known=False)]
    assert match([remote("/app/shop/_version.py", "v")], generated) == [(SAME, "shop/_version.py")]


def test_other_content_at_the_same_path_is_stale() -> None:
    """Two names of the path agree, in one file only."""
    files = [local("src/shop/app.py", "new"), local("src/other/app.py", "x")]
    assert match([remote("/app/shop/app.py", "old")], files) == [(STALE, "src/shop/app.py")]


def test_one_name_in_common_is_no_evidence() -> None:
    """Every project has an app.py."""
    assert match([remote("/app/app.py", "old")], [local("src/app.py", "new")]) == [(UNMAPPED, "")]


def test_one_name_is_enough_for_a_file_at_the_top_of_the_source_folder() -> None:
    """Its whole path agrees."""
    assert match([remote("/app/app.py", "old")], [local("app.py", "new")]) == [(STALE, "app.py")]


def test_neighbours_are_evidence_for_a_changed_file() -> None:
    """/app is src, as another file shows; so /app/app.py is src/app.py."""
    files = [local("src/app.py", "new"), local("src/db.py", "d"), local("lib/app.py", "x")]
    sources = [remote("/app/app.py", "old"), remote("/app/db.py", "d")]
    assert match(sources, files) == [(STALE, "src/app.py"), (SAME, "src/db.py")]


def test_an_empty_file_is_no_evidence_for_its_neighbours() -> None:
    """An empty file looks the same everywhere, so it says nothing about folders."""
    files = [local("lib/__init__.py", EMPTY_BLOB), local("lib/app.py", "x")]
    sources = [remote("/app/__init__.py", EMPTY_BLOB), remote("/app/app.py", "old")]
    assert match(sources, files)[1] == (UNMAPPED, "")


def test_ties_between_ends_of_paths_stay_unmapped() -> None:
    """Two files end alike; which one is meant, nobody knows."""
    files = [local("a/shop/app.py", "1"), local("b/shop/app.py", "2")]
    assert match([remote("/srv/shop/app.py", "old")], files) == [(UNMAPPED, "")]


def test_a_library_is_not_taken_for_a_file_of_ours() -> None:
    """Other names, other content."""
    files = [local("shop/app.py", "a")]
    path = "/usr/lib/python3/site-packages/flask/app.py"
    assert match([remote(path, "f")], files) == [(UNMAPPED, "")]


def test_windows_paths_have_parts_too() -> None:
    """A local path may have backslashes."""
    file = LocalFile("C:\\repo\\shop\\app.py", "shop\\app.py", frozenset({"new"}))
    found = match_sources([remote("/app/shop/app.py", "old")], index_files([file]))
    assert found == (Match(STALE, "C:\\repo\\shop\\app.py"),)
