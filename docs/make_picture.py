"""Photograph the first page of a report for the README.

Usage: python docs/make_picture.py REPORT.html [docs/_static/report.png]

Needs Chromium or Chrome on the path. The README shows the report of `kansym demo`.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT, SCALE = 960, 1760, 1.25
OFFLINE = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def photograph(page: Path, picture: Path, *, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Render the top of a page as PNG, of width x height CSS pixels."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit("No Chromium or Chrome was found: install one to draw the picture.")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                *OFFLINE,
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--force-device-scale-factor={SCALE}",
                f"--screenshot={picture.resolve()}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main(arguments: list[str]) -> int:
    """Photograph the page named first into the picture named second."""
    if not 1 <= len(arguments) <= 2 or not Path(arguments[0]).is_file():
        print(__doc__)
        return 2
    default = Path(__file__).parent / "_static" / "report.png"
    picture = Path(arguments[1]) if len(arguments) == 2 else default
    photograph(Path(arguments[0]), picture)
    print(f"{picture}: {picture.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
