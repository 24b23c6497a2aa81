"""Ctrl-C, as the provider host hears of it.

At the first Ctrl-C the engine begins nothing new, tells its hosts `Cancel`, and awaits the calls that are under way.
Pulumi's dynamic host answers `Cancel` and does nothing, so its handler is put in front of that one. A wait may then end
where nothing is half made (`Waiter`); everything else is finished, so that the state knows it.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from sakura_fleet.provider.workers import server_of_this_host

_interrupted: Final = threading.Event()


def interrupted() -> bool:
    """Whether somebody has pressed Ctrl-C in this run."""
    return _interrupted.is_set()


def hear_cancel() -> bool:
    """Hear the engine's `Cancel` from now on; False where this process is no host, or its insides are not known."""
    import grpc  # commands have sessions, too, and no host to hear
    from google.protobuf import empty_pb2  # type: ignore[import-untyped]

    def cancel(_request: Any, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        _interrupted.set()
        return empty_pb2.Empty()

    handlers = getattr(getattr(server_of_this_host(), "_state", None), "generic_handlers", None)
    if not isinstance(handlers, list):
        return False
    handler = grpc.unary_unary_rpc_method_handler(
        cancel, request_deserializer=empty_pb2.Empty.FromString, response_serializer=empty_pb2.Empty.SerializeToString
    )
    # The first handler that knows a method gets its calls.
    handlers.insert(0, grpc.method_handlers_generic_handler("pulumirpc.ResourceProvider", {"Cancel": handler}))
    return True
