"""One request over exactly one HTTP version, with the certificate checked: the proof that a host serves it.

Browsers fall back without a word: a name whose record promises HTTP/3 loads over HTTP/2 where UDP is closed. So a
promise is only good once a client that speaks nothing else was answered. HTTP/3 needs the extra `http3` (aioquic).
`check_host` compares all answers of a host with the promises of its DNS record.
"""

from sakura_fleet.probe._check import Finding, HostReport, check_host
from sakura_fleet.probe._probe import probe
from sakura_fleet.probe._result import PROTOCOLS, ProbeResult, Protocol

__all__ = ["PROTOCOLS", "Finding", "HostReport", "ProbeResult", "Protocol", "check_host", "probe"]
