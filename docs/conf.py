"""Sphinx configuration: everything is built from local files, no page loads anything remote."""

import os
import shutil
import sys
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

os.environ["COLUMNS"] = "96"  # width of the help texts

project = "kansym"
author = "The kansym developers"
project_copyright = author
version = release = version_of("kansym")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "docstrings",
    "evidence",
    "mathml",
    "public_names",
    "tables",
    "thumbnails",
]
exclude_patterns = ["_build", "gallery/**/*.md5", "gallery/**/*.py", "gallery/**/*.ipynb"]
default_role = "literal"  # `Status` in a docstring is a name, whether or not a page has it
# No inventories of other projects: the build needs no network. Signatures: extensions/public_names.
nitpick_ignore_regex = [("py:class", r"(collections|jaxtyping|numpy|torch|sympy)\..*")]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
math_number_all = False

html_theme = "furo"
html_title = "kansym"
html_static_path = ["_static"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False

# The examples run in a copy, because one of them writes a report beside itself.
EXAMPLES = HERE / "_build" / "examples"
shutil.rmtree(EXAMPLES, ignore_errors=True)
shutil.copytree(HERE.parent / "examples", EXAMPLES)

sphinx_gallery_conf = {
    "examples_dirs": "_build/examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "image_scrapers": ("matplotlib",),
    "reset_modules": (),
    "download_all_examples": False,
    "show_signature": False,
    "default_thumb_file": str(HERE / "_static" / "report.png"),
    "notebook_extensions": set(),
    "write_computation_times": False,
    "min_reported_time": 5,
    "abort_on_example_error": True,
    "remove_config_comments": True,
}
