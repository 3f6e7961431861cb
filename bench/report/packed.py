"""Packed: plain data as the text that a page's script opens: JSON, deflated, in base64."""

import base64
import json
import zlib
from typing import Any


def packed(document: Any) -> str:
    """The document in letters, digits, "+", "/" and "=" alone, so that no markup can begin in it.

    Raises:
        ValueError: a number is not finite, which JSON has no word for.

    """
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")
