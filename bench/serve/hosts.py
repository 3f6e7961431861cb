"""Hosts: by which names a server may be asked, so that no page of another site reads it by a name of its own.

Where a site's name is made to lead to this machine (DNS rebinding), a browser takes the reports for that site's own;
the name that it asks for is in the header Host all the same.
"""

import ipaddress
import socket
from collections.abc import Sequence

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches the address."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_allowed(headers: Sequence[str], host: str) -> bool:
    """Whether one header Host names the server that listens at `host`, whatever the port: a tunnel has another.

    A server on all addresses may be asked by any address and by the machine's names: a rebound name is neither.
    """
    if len(headers) != 1:
        return False
    name = _without_port(headers[0].strip().lower())
    if is_loopback(host):
        return name in _LOCAL | {host.lower()}
    if _is_address(host) and ipaddress.ip_address(host).is_unspecified:
        return name in _LOCAL | {socket.gethostname().lower(), socket.getfqdn().lower()} or _is_address(name)
    return name == host.lower()


def _without_port(text: str) -> str:
    """The name of a header such as localhost:80 or [::1]:80."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
