"""`ElbCertificate`: what an ELB shows to browsers, uploaded or from Let's Encrypt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource, now
from sakura_fleet.provider.lifecycle import Lifecycle
from sakura_fleet.resources.elb.elb import Elb


class ElbCertificateProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.elb.certificate_lifecycle import ElbCertificateLifecycle

        return ElbCertificateLifecycle(now)


class ElbCertificate(FleetResource, module="sakura", name="ElbCertificate"):
    """All certificates of one ELB: give `certificates` or `lets_encrypt_names`.

    `certificates` are mappings with `server_certificate`, `private_key` and, if there is one,
    `intermediate_certificate`, all PEM; the first is the primary one, the others are chosen by the name that a browser
    asks for (at most 19). They are kept as secrets. `lets_encrypt_names` are the names of one certificate from Let's
    Encrypt, the common name first: every name must already point at the ELB, so let this depend on the records. A
    certificate in the last third of its lifetime is renewed by the next `pulumi up`.

    Outputs: `common_name`, `begins` (RFC 3339; empty where it cannot be read), `expires` (RFC 3339).
    """

    common_name: pulumi.Output[str]
    begins: pulumi.Output[str]
    expires: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        elb: Elb,
        certificates: Sequence[Mapping[str, pulumi.Input[str]]] = (),
        lets_encrypt_names: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "elb": elb.reference.inputs(),
            "certificates": pulumi.Output.secret([dict(certificate) for certificate in certificates]),
            "lets_encrypt_names": list(lets_encrypt_names),
            "common_name": None,
            "begins": None,
            "expires": None,
        }
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["certificates"]))
        super().__init__(ElbCertificateProvider(), resource_name, props, opts)
