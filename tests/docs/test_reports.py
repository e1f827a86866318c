"""Every field of every report is explained on its page, and nothing else is."""

from __future__ import annotations
