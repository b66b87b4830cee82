"""``python -m bundle FOLDER`` writes the MCPB bundle there and says where."""

import sys
from pathlib import Path

import anyio

from .archive import write_bundle
from .manifest import manifest

sys.stdout.write(f"{write_bundle(anyio.run(manifest), Path(sys.argv[1]))}\n")
