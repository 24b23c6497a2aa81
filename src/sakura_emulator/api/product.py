"""`product/…` and `public/price`: the catalogue."""

from __future__ import annotations

from sakura_emulator.api.resource import Route, fixed
from sakura_emulator.catalogue import plans
from sakura_emulator.catalogue.prices import service_classes

ROUTES: list[Route] = [
    *fixed("product/server", "ServerPlan", "ServerPlans", lambda _: list(plans.SERVER_PLANS.values())),
    *fixed("product/disk", "DiskPlan", "DiskPlans", lambda _: list(plans.DISK_PLANS.values())),
    *fixed("product/internet", "InternetPlan", "InternetPlans", lambda _: list(plans.INTERNET_PLANS.values())),
    *fixed(
        "product/privatehost", "PrivateHostPlan", "PrivateHostPlans", lambda _: list(plans.PRIVATE_HOST_PLANS.values())
    ),
    *fixed("product/license", "LicenseInfo", "LicenseInfo", lambda _: list(plans.LICENSE_PLANS.values())),
    fixed("public/price", "ServiceClass", "ServiceClasses", lambda call: list(service_classes(call.zone)))[0],
]
