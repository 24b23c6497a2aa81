"""The Pulumi CLI as the Automation API runs it, but in a process group of its own, so that it can be stopped gently.

A terminal sends Ctrl-C to the whole foreground group. The CLI takes a first SIGINT as "finish what is under way" and a
second one as "stop at once", so it must get exactly the signals that are meant for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import IO

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from sakura_fleet.errors import CancelledError, EngineError

OnOutput = Callable[[str], object] | None


class GroupedCommand(PulumiCommand):
    """Runs each command in a session of its own; `interrupt` sends it a SIGINT.

    `at_work` is told the process's number when it begins, and None once it has ended by itself: not where it was
    killed. The CLI's version, which the Automation API asks for, is read while the first command runs.
    """

    interrupted = False
    _passes_on = False
    _process: subprocess.Popen[str] | None = None

    def __init__(self, at_work: Callable[[int | None], None] = lambda _: None) -> None:
        self.command = "pulumi"
        self._at_work = at_work
        with_version = ThreadPoolExecutor(1)
        self._with_version = with_version.submit(PulumiCommand)
        with_version.shutdown(wait=False)

    @property
    def version(self) -> VersionInfo | None:  # type: ignore[override]
        """The CLI's version. Raises `InvalidVersionError` where it is too old for the Automation API."""
        return self._with_version.result().version

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput = None,
        on_error: OnOutput = None,
    ) -> CommandResult:
        if self.interrupted:
            raise CancelledError("interrupted: the engine was not started")
        env = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with (
            self._ended_by_interrupt(),
            subprocess.Popen(  # noqa: S603 - the engine itself, with the Automation API's arguments
                [self.command, "--non-interactive", *args],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=env,
                encoding="utf-8",
                start_new_session=True,
            ) as process,
        ):
            self._process = process
            self._interrupt_again()
            self._at_work(process.pid)
            readers = [_Reader(process.stdout, on_output), _Reader(process.stderr, on_error)]
            for reader in readers:
                reader.join()
            code = process.wait()
            self._process = None
            if code >= 0:
                self._at_work(None)
        if code < 0:
            raise EngineError(
                f"the engine was ended by {signal.Signals(-code).name}; run the same command again: it repairs what "
                "that left behind, and goes on"
            )
        stdout, stderr = ("\n".join(reader.lines) for reader in readers)
        result = CommandResult(stdout=stdout, stderr=stderr, code=code)
        if code != 0:
            raise create_command_error(result)
        return result

    def interrupt(self) -> None:
        """Ask the running command to finish what is under way and to start nothing new, and so any later one."""
        self.interrupted = True
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)

    def _interrupt_again(self) -> None:
        """Where the signal came while the command was started."""
        if self.interrupted:
            self.interrupt()

    @contextmanager
    def _ended_by_interrupt(self) -> Iterator[None]:
        """Where signals are not passed on, SIGINT ends the command first, and is raised once that has ended."""
        if self._passes_on or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)
        came = False

        def end(number: int, frame: FrameType | None) -> None:
            nonlocal came
            came = True
            self.interrupt()
            if callable(before):
                with contextlib.suppress(KeyboardInterrupt):
                    before(number, frame)

        signal.signal(signal.SIGINT, end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            if came:
                raise KeyboardInterrupt

    @contextmanager
    def passing_signals_on(self, told: Callable[[int], None] = lambda _: None) -> Iterator[None]:
        """While this lasts, SIGINT and SIGTERM to this process interrupt the command instead of ending this process;
        `told` gets the number of signals so far."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        signals = 0

        def pass_on(_number: int, _frame: FrameType | None) -> None:
            nonlocal signals
            signals += 1
            self.interrupt()
            told(signals)

        before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        self._passes_on = True
        try:
            yield
        finally:
            self._passes_on = False
            for number, handler in before.items():
                signal.signal(number, handler)


class _Reader(threading.Thread):
    """Reads a stream to its end, line by line."""

    def __init__(self, stream: IO[str] | None, listener: OnOutput) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self._stream = stream
        self._listener = listener
        self.start()

    def run(self) -> None:
        for line in self._stream or ():
            self.lines.append(line.rstrip())
            if self._listener:
                self._listener(self.lines[-1])
