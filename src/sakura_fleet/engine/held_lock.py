"""The stack's lock, held by a command of this package, on whatever backend the state is.

Only the engine can lock a stack in a bucket or at a service. So an engine is started whose program does nothing until
it is told to end, and then fails: an update that fails before it has declared anything changes nothing. Where this
process dies, that engine loses its program, and ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import grpc
from pulumi.automation import CommandError, CommandResult
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sakura_fleet.engine.command import GroupedCommand
from sakura_fleet.errors import EngineError

WORKERS: Final = 4


class _Program(LanguageServer):
    """A program that runs until it is over, and declares nothing."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.begun = threading.Event()
        self.over = threading.Event()

    def Run(self, request: Any, context: Any) -> language_pb2.RunResponse:  # noqa: N802 - gRPC's names
        self.begun.set()
        self.over.wait()
        return language_pb2.RunResponse(error="nothing was to be updated", bail=True)


@contextmanager
def held_lock(command: GroupedCommand, root: Path, stack: str, message: str) -> Iterator[None]:
    """Hold the lock of a stack of the project at `root`; `message` stands in the stack's history.

    Raises `CommandError` where the engine cannot have the lock: another run has it.
    """
    program = _Program()
    with ThreadPoolExecutor(WORKERS) as workers:
        server = grpc.server(workers)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(program, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        arguments = ["up", "--yes", "--skip-preview", "--stack", stack, "--message", message, "--color", "never"]
        arguments += [f"--client=127.0.0.1:{port}", "--exec-kind", "auto.inline"]
        with ThreadPoolExecutor(1) as waiting:
            engine: Future[CommandResult] = waiting.submit(command.run, arguments, str(root), {})
            engine.add_done_callback(lambda _: program.begun.set())
            try:
                try:
                    program.begun.wait()
                except KeyboardInterrupt:  # where the backend does not answer, it would never begin
                    command.interrupt()
                    raise
                if engine.done():
                    engine.result()
                    raise EngineError("the engine ended without having held the stack's lock")
                yield
            finally:
                program.over.set()
                engine.exception()
                server.stop(0)
    with suppress(CommandError):  # as the program fails
        engine.result()
