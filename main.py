"""Opens the window: python main.py [PROJECT]"""

from __future__ import annotations

import sys

from facegui.app import main

if __name__ == "__main__":
    sys.exit(main())
