"""Origins: what users name by file or module, imported here, in workers alone, and called with what it takes."""

from bench.origins.plugins import Plugins as Plugins
from bench.origins.resolve import OriginError as OriginError
from bench.origins.resolve import Resolved as Resolved
from bench.origins.resolve import resolve as resolve
