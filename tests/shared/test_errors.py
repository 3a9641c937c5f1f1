"""Errors say what to do, and are caught by what they are."""

import pytest

from kansym.shared import errors
from kansym.shared.errors import KansymError, MissingPackageError, require


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InputError", ValueError),
        ("ModelFileError", ValueError),
        ("UnsupportedModelError", TypeError),
        ("MissingPackageError", ImportError),
    ],
)
def test_every_error_is_one_of_ours_and_a_builtin_one(name, builtin):
    error = getattr(errors, name)
    assert issubclass(error, KansymError)
    assert issubclass(error, builtin)


def test_require_gives_the_module():
    assert require("math", "none").sqrt(4.0) == 2.0


def test_require_names_the_install_line():
    with pytest.raises(MissingPackageError, match=r"pip install 'kansym\[pysr\]'") as caught:
        require("no_such_package_here", "pysr")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_package_that_lacks_something_itself_is_not_called_absent(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_package_here\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_here") as caught:
        require("half_installed", "test")
    assert not isinstance(caught.value, MissingPackageError)
