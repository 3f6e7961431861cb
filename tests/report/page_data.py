"""Page data: what a page holds for its script, read from the text of the page."""

import base64
import json
import re
import zlib
from typing import Any


def data_of(text: str) -> dict[str, Any]:
    """The data of all panels and of the table."""
    return json.loads(zlib.decompress(base64.b64decode(packed_in(text), validate=True)))


def packed_in(text: str) -> str:
    """The data as it stands in the page."""
    return re.search(r'<script type="text/plain" id="data">(.*?)</script>', text, re.DOTALL)[1]
