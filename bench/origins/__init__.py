"""Origins: what users name by file or module, imported here, in workers alone, and called with what it takes."""

from bench.origins.module_path import on_path as on_path
from bench.origins.plugins import Plugins as Plugins
from bench.origins.plugins import trying as trying
from bench.origins.resolve import OriginError as OriginError
from bench.origins.resolve import Resolved as Resolved
from bench.origins.resolve import calling as calling
from bench.origins.resolve import failures as failures
from bench.origins.resolve import folder_of as folder_of
from bench.origins.resolve import package_of as package_of
from bench.origins.resolve import resolve as resolve
from bench.origins.resolve import told_of as told_of
from bench.origins.settings import settings_kept as settings_kept
