"""Every error this package raises on purpose, each with a code by which programs tell it.

    FleetError                     failed         the root: `str()` is a whole message for a person
    +-- InputError                 input          what the user wrote breaks rules; carries all `Problem`s at once
    +-- UsageError                 usage          options or arguments of a command that do not fit, or fit nothing
    +-- FileError                  file           a file cannot be read or written, or is not of the format it should be
    +-- RefusedError               refused        a safeguard of a command holds it back; its message has the way on
    +-- MissingToolError           tool           this machine lacks a program that the operation needs
    +-- CredentialsError           auth           no access token, or half of one
    +-- AccountMismatchError       wrong-account  the credentials belong to another account than the stack names
    +-- KeyPermissionError         permission     the API key's permission is not enough for a fleet
    +-- OwnershipError             not-owned      the object belongs to another fleet, another resource or a person
    +-- AdoptionError              adopt          what is to be taken over is not there, or not what is declared
    +-- ResourceError              resource       an object in the cloud is not what the operation needs
    +-- ProjectError               project        no Pulumi project or stack file, or one that cannot be read
    +-- EngineError                engine         the Pulumi CLI is missing, or a run of it failed
    +-- PolicyError                policy         a policy of level `mandatory` refused the preview
    +-- NoStackError               no-stack       the backend has no such stack
    +-- BlockedError               blocked        a job's plan goes beyond what the job was asked for
    +-- BusyError                  busy           another run is at work on this stack
    +-- JobFolderError             job-folder     a file of the job folder is damaged, or cannot be written
    +-- ApiError                   api            the cloud answered with an error; status, its code and serial are kept
    |   +-- AuthenticationError    auth           401: wrong token or secret
    |   +-- PermissionDeniedError  permission     403
    |   +-- NotFoundError          not-found      404: the object is gone, or the ID is of another zone
    |   +-- ConflictError          conflict       409: the object's state forbids the call
    |   +-- UnusableAnswerError    unusable-answer  an answer lacks what the API always sends
    |   +-- UnavailableError       unavailable    423, 429, 5xx, no JSON: busy; raised once the retries are used up
    +-- UnreachableError           unreachable    no answer from the API root until the deadline
    +-- DnsError                   dns            a name cannot be looked up, or leads to nothing that can be asked
    +-- ProbeError                 probe          a host gave no answer over the HTTP version that it was asked in
    +-- WaitTimeoutError           wait-timeout   something did not happen until its deadline
    +-- OperationTimeoutError      timeout        an operation took longer than its resource's `custom_timeouts` allow
    +-- CancelledError             cancelled      the run was cancelled while waiting

A code never changes. A message ends with it, `… [auth]`, where it leaves the process: on the terminal of a command,
and from the provider host, whose errors reach a command only as texts among the engine's diagnostics. Of several lines
the first one ends with it, and what follows, such as the words of a remote host, says nothing of the code.

Nothing here imports the rest of the package, and no message ever holds a token, a password or a private key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

_CODE: Final = re.compile(r"\[([a-z]+(?:-[a-z]+)*)\]:?\s*$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that one value breaks.

    `path` is the property path as the user wrote it (`template.disks[0].size`), `rule` a stable kebab-case id,
    and `message` names the value, the rule and the way out. No rule is called as the code of an error is, save where
    that error is the problem: what `adopt` names is not there, or not to be had.
    """

    path: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.rule}]" if self.path else f"{self.message} [{self.rule}]"

    def coded(self) -> str:
        """Path and message as they leave the provider host: the first line ends with the rule and the code."""
        message = _with_code(f"{self.path}: {self.message}" if self.path else self.message, self.rule)
        return message if self.rule in CODES else _with_code(message, InputError.code)

    def under(self, prefix: str) -> Problem:
        """The same problem, seen from one level further out: `size` under `disks[0]` is `disks[0].size`."""
        joined = f"{prefix}.{self.path}" if self.path and not self.path.startswith("[") else f"{prefix}{self.path}"
        return Problem(joined, self.rule, self.message)


class FleetError(Exception):
    """Any failure that has a message written for the user; commands print it without a traceback."""

    code: ClassVar[str] = "failed"
    """The stable kebab-case id of this kind of failure."""
    left: tuple[str, dict[str, Any]] | None = None
    """ID and outputs of the resource whose create or update failed, where the state must know what it has changed."""

    def coded(self) -> str:
        """The message as it leaves the process: its first line ends with the code."""
        return _with_code(str(self), self.code)


def _with_code(text: str, code: str) -> str:
    line, newline, rest = text.partition("\n")
    colon = ":" if line.endswith(":") else ""
    return f"{line.removesuffix(':')} [{code}]{colon}{newline}{rest}"


def code_of(text: str) -> str:
    """The code of an error that left a process with this text; empty where its first line ends with none."""
    found = _CODE.search(text.partition("\n")[0])
    return found[1] if found and found[1] in CODES else ""


class InputError(FleetError):
    """The input breaks one or more rules. Nothing has been changed, or what `unchanged` names: a part of a run may fail
    when others are done."""

    code = "input"

    def __init__(self, problems: Sequence[Problem], *, source: str = "", unchanged: str = "nothing") -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        where = f" in {source}" if source else ""
        super().__init__("\n".join([f"{count}{where}; {unchanged} was changed:", *(f"  {p}" for p in self.problems)]))


class UsageError(FleetError):
    """Options or arguments of a command do not fit together, or fit nothing that is there."""

    code = "usage"


class FileError(FleetError):
    """A file cannot be read or written, or is not of the format that it should be."""

    code = "file"


class RefusedError(FleetError):
    """A safeguard of a command holds it back. Nothing has been changed."""

    code = "refused"


class MissingToolError(FleetError):
    """This machine lacks a program or a package that the operation needs."""

    code = "tool"


class CredentialsError(FleetError):
    """The access token or its secret is missing."""

    code = "auth"


class AccountMismatchError(FleetError):
    """The credentials belong to another account than the stack's `account_id`."""

    code = "wrong-account"


class KeyPermissionError(FleetError):
    """The permission that the API key has is not enough for a fleet."""

    code = "permission"


class OwnershipError(FleetError):
    """The object belongs to another fleet, to another resource of this one, or to a person."""

    code = "not-owned"


class AdoptionError(FleetError):
    """What is to be taken over is not there, or is not what is declared."""

    code = "adopt"


class ResourceError(FleetError):
    """An object in the cloud, or what it needs there, is not as the operation needs it."""

    code = "resource"


class ProjectError(FleetError):
    """There is no Pulumi project or stack file, or one that cannot be read."""

    code = "project"


class EngineError(FleetError):
    """The Pulumi CLI is missing, or a run of it failed; the message has the engine's own words, codes included."""

    code = "engine"

    def coded(self) -> str:
        return str(self) if code_of(str(self)) else super().coded()


class PolicyError(FleetError):
    """A policy of level `mandatory` refused the preview."""

    code = "policy"


class NoStackError(FleetError):
    """The backend has no such stack."""

    code = "no-stack"


class BlockedError(FleetError):
    """The plan of a job would do more than the job was asked for. Nothing has been changed."""

    code = "blocked"


class BusyError(FleetError):
    """Another run is at work on this stack."""

    code = "busy"


class JobFolderError(FleetError):
    """A file of a stack's job folder (scaling memory, job, lock, history) is damaged, or cannot be written."""

    code = "job-folder"


class ApiError(FleetError):
    """The API answered with an error envelope (`is_fatal`, `serial`, `status`, `error_code`, `error_msg`)."""

    code = "api"

    def __init__(self, *, status: int, error_code: str, message: str, serial: str, method: str, path: str) -> None:
        self.status = status
        self.error_code = error_code
        self.message = message
        self.serial = serial
        self.method = method
        self.path = path
        number = f", serial {serial}" if serial else ""
        super().__init__(f"{method} {path} was answered {status} {error_code}: {message}{self.way_out()}{number}")

    @property
    def maybe_done(self) -> bool:
        """True where the call may have been carried out all the same: find its owner tag before repeating it.

        Of a plain error that is so where the answer is a success that cannot be used.
        """
        return self.method != "GET" and self.status < 300

    def way_out(self) -> str:
        """What the user can do about it, as the end of a sentence; empty where the message says it all."""
        return ""


class AuthenticationError(ApiError):
    """401: the API does not know this access token."""

    code = "auth"

    def way_out(self) -> str:
        return (
            "; check SAKURA_ACCESS_TOKEN and SAKURA_ACCESS_TOKEN_SECRET "
            "(the control panel lists your API keys), then run `sakura-fleet doctor`"
        )


class PermissionDeniedError(ApiError):
    """403: the API key may not do this."""

    code = "permission"

    def way_out(self) -> str:
        return "; the API key needs the permission to create and delete resources in this account and zone"


class NotFoundError(ApiError):
    """404: no such object in this zone."""

    code = "not-found"


class ConflictError(ApiError):
    """409: the state of the object, or somebody's write in between, forbids the call."""

    code = "conflict"


class UnavailableError(ApiError):
    """423, 429, 5xx or no JSON: the API or a gateway is busy or broken, and the retries are used up.

    `turned_away` is True where the API itself says that it has not carried out the call.
    """

    code = "unavailable"
    turned_away = False

    @property
    def maybe_done(self) -> bool:
        """True where the call may have been carried out all the same: find its owner tag before repeating it."""
        return self.method != "GET" and not self.turned_away

    def way_out(self) -> str:
        if self.method == "POST" and self.maybe_done:
            return (
                "; it may have been carried out all the same, so it was not repeated: "
                "run the same command again later, it finds what is there first"
            )
        return (
            "; the API stayed busy for as long as calls are repeated: run the same command again later, it goes on "
            "where it stopped"
        )


class UnusableAnswerError(ApiError):
    """A success that lacks what the API always sends.

    What is missing is never taken for empty. After a GET nothing has been changed; what changes something may have been
    carried out: find its owner tag before repeating it.
    """

    code = "unusable-answer"

    def __init__(self, message: str, *, method: str, path: str) -> None:
        super().__init__(status=200, error_code="unusable_answer", message=message, serial="", method=method, path=path)

    def way_out(self) -> str:
        before = "the call itself was accepted" if self.maybe_done else "it was not used, and changed nothing"
        return f"; {before}: run the same command again, and if it stays so, check what is between you and the API root"


class UnreachableError(FleetError):
    """The API root gave no HTTP answer until the deadline.

    `maybe_done` is True where a changing call had left before its answer was lost: it may have been carried out, so
    find its owner tag before repeating it.
    """

    code = "unreachable"

    def __init__(self, message: str, *, maybe_done: bool = False) -> None:
        self.maybe_done = maybe_done
        super().__init__(message)


class DnsError(FleetError):
    """A name cannot be looked up, or leads to nothing that can be asked."""

    code = "dns"


class ProbeError(FleetError):
    """A URL gave no answer over one HTTP version, `protocol`: `h1`, `h2` or `h3`; `reason` is the message without
    the question."""

    code = "probe"

    def __init__(self, message: str, *, url: str, protocol: str, reason: str = "") -> None:
        self.url = url
        self.protocol = protocol
        self.reason = reason or message
        super().__init__(message)


class WaitTimeoutError(FleetError):
    """An awaited state did not come until its deadline."""

    code = "wait-timeout"


class OperationTimeoutError(FleetError):
    """An operation waited for something when the time that `custom_timeouts` allow was over.

    No `WaitTimeoutError`: what goes on after a wait of its own (cutting the power of a guest that does not shut down)
    must not go on after this.
    """

    code = "timeout"


class CancelledError(FleetError):
    """The run was cancelled while this was waiting."""

    code = "cancelled"


def _codes(kind: type[FleetError]) -> Iterator[str]:
    yield kind.code
    for below in kind.__subclasses__():
        yield from _codes(below)


CODES: Final = frozenset(_codes(FleetError))
"""The codes of all errors."""
