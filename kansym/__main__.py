"""``python -m kansym`` is the command line."""

import sys

from kansym.cli import main

sys.exit(main())
