"""OS types: short names for the vendor's public archives, as its own command line tool spells them.

An archive belongs to a type if it carries all of the type's tags. Source: `ostype/filter_criteria.go` and
`archive_ostype.go` of https://github.com/sacloud/iaas-api-go. Which version carries `current-stable` is the vendor's
choice and changes over time; a type with a version in its name stays with that version.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["OS_TYPES"]

OS_TYPES: Mapping[str, tuple[str, ...]] = {
    "almalinux": ("current-stable", "distro-alma"),
    "almalinux10": ("alma-10-latest",),
    "almalinux9": ("alma-9-latest",),
    "almalinux8": ("alma-8-latest",),
    "rockylinux": ("current-stable", "distro-rocky"),
    "rockylinux10": ("rocky-10-latest",),
    "rockylinux9": ("rocky-9-latest",),
    "rockylinux8": ("rocky-8-latest",),
    "miracle": ("current-stable", "distro-miracle"),
    "miraclelinux": ("current-stable", "distro-miracle"),
    "miracle9": ("miracle-9-latest",),
    "miraclelinux9": ("miracle-9-latest",),
    "miracle8": ("miracle-8-latest",),
    "miraclelinux8": ("miracle-8-latest",),
    "ubuntu": ("current-stable", "distro-ubuntu"),
    "ubuntu2404": ("ubuntu-24.04-latest",),
    "ubuntu2204": ("ubuntu-22.04-latest",),
    "debian": ("current-stable", "distro-debian"),
    "debian12": ("debian-12-latest",),
    "debian11": ("debian-11-latest",),
    "kusanagi": ("current-stable", "pkg-kusanagi"),
}
