"""Whether ``make soak`` runs, in which tests take as long as they need."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("MIRROR_SOAK_EXAMPLES", "0"))  # of random runs; 0: not in a soak
