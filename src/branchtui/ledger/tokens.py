"""What is stored of a secret token: its hash, never itself."""

from __future__ import annotations

import hashlib


def token_hash(token: str) -> str:
    """SHA-256 in hexadecimal; tokens are 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
