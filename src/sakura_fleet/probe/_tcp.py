"""HTTP/1.1 and HTTP/2 over TLS (RFC 9112, RFC 9113), with httpx."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

import certifi
import httpx

from sakura_fleet.errors import ProbeError
from sakura_fleet.probe._result import BODY_LIMIT, NO_CERTIFICATE, ProbeResult, Target

VERSIONS: Final = {"h1": "HTTP/1.1", "h2": "HTTP/2"}
_TLS_REASONS: Final = {
    "TLSV1_ALERT_INTERNAL_ERROR": NO_CERTIFICATE,
    "TLSV1_UNRECOGNIZED_NAME": NO_CERTIFICATE,
    "WRONG_VERSION_NUMBER": "what listens there speaks no TLS",
}


def fetch(target: Target, protocol: Literal["h1", "h2"]) -> ProbeResult:
    """One GET over HTTP/1.1 or HTTP/2. Raises `ProbeError`."""
    try:
        return _fetch(target, protocol)
    except httpx.TimeoutException:
        reason = f"no answer within {target.timeout:g} s"
    except (httpx.HTTPError, ssl.SSLError, OSError) as error:
        reason = _reason(error)
    raise _failed(target, protocol, reason)


def _fetch(target: Target, protocol: Literal["h1", "h2"]) -> ProbeResult:
    context = ssl.create_default_context(cafile=target.ca_file or certifi.where())
    begun = time.monotonic()
    # HTTP/2 is offered beside HTTP/1.1, as the server's choice tells what it has; alone it would only be refused.
    http2 = protocol == "h2"
    with httpx.Client(verify=context, http2=http2, trust_env=False, timeout=target.timeout) as client:
        request = client.build_request(
            "GET",
            httpx.URL(scheme="https", host=target.address, port=target.port, raw_path=target.path.encode()),
            headers={"Host": target.authority, "User-Agent": "sakura-fleet", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": target.name},
        )
        response = client.send(request, stream=True)
        try:
            if response.http_version != VERSIONS[protocol]:
                raise _failed(target, protocol, f"the server chose {response.http_version}")
            connection = response.extensions["network_stream"]
            certificate = connection.get_extra_info("ssl_object").getpeercert()
            address = connection.get_extra_info("server_addr")[0]
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if time.monotonic() - begun > target.timeout:
                    raise _failed(target, protocol, f"the answer did not end within {target.timeout:g} s")
                if len(body) > BODY_LIMIT:
                    break
        finally:
            response.close()
    return ProbeResult(
        protocol=protocol,
        address=address,
        status=response.status_code,
        alt_svc=response.headers.get("alt-svc", ""),
        certificate_not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC),
        certificate_issuer=_issuer(certificate),
        seconds=time.monotonic() - begun,
        body=bytes(body[:BODY_LIMIT]),
    )


def _issuer(certificate: Any) -> str:
    """The issuer's names as people know them: organisation, then common name."""
    names = {key: value for part in certificate["issuer"] for key, value in part}
    return ", ".join(names[key] for key in ("organizationName", "commonName") if key in names)


def _reason(error: Exception) -> str:
    """What went wrong, without the words for programmers around it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not good: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and cause.reason in _TLS_REASONS:
            return _TLS_REASONS[cause.reason]
        if isinstance(cause, ConnectionRefusedError):
            return "nobody listens there: connection refused"
    return str(error) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _failed(target: Target, protocol: Literal["h1", "h2"], reason: str) -> ProbeError:
    where = f"{target.address} port {target.port}/tcp"
    message = f"{target.url} over {protocol} at {where}: {reason}"
    return ProbeError(message, url=target.url, protocol=protocol, reason=reason)
