"""What tests replace of the library, while an import runs."""
import io
from unittest import mock

PATCHES = [
    mock.patch("builtins.open", mock.mock_open(read_data="x")),
    mock.patch("io.open", mock.mock_open()),
    mock.patch("os.stat", side_effect=OSError),
    mock.patch("os.lstat", side_effect=ZeroDivisionError),
    mock.patch("os.path.realpath", side_effect=ZeroDivisionError),
    mock.patch("os.path.join", side_effect=ZeroDivisionError),
    mock.patch("os.path.split", side_effect=ZeroDivisionError),
    mock.patch("os.fspath", side_effect=ZeroDivisionError),
    mock.patch("os.listdir", side_effect=ZeroDivisionError),
    mock.patch("time.time", side_effect=ZeroDivisionError),
]
import shop  # so that the folder is known

for patch in PATCHES:
    patch.start()
import late

calls = open.mock_calls
for patch in PATCHES:
    patch.stop()
print("calls", calls, late.f())
