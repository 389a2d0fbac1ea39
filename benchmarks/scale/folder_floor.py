"""What reading a folder costs at least: every JSON file read and parsed by orjson, nothing else.

python benchmarks/scale/folder_floor.py students/
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson


def main() -> None:
    """Read and parse all, and say how many there were."""
    count = 0
    for path in sorted(Path(sys.argv[1]).rglob("*.json")):
        orjson.loads(path.read_bytes())
        count += 1
    print(count)


if __name__ == "__main__":
    main()
