"""Azure regions that an environment may live in: a short code for names, zones, and the paired region.

Source: Microsoft Learn, "Azure regions list" (2025-03-21): availability zones and paired region. Regions that Azure
opens to chosen customers only are left out; they do stand as pairs. Another region is added by a line in the table.
"""

from __future__ import annotations

from typing import NamedTuple


class Region(NamedTuple):
    """One region."""

    code: str
    """Two to four letters, for names."""
    zones: bool
    """Whether it has availability zones."""
    pair: str
    """The paired region, where geo-redundant copies go; empty where there is none."""


REGIONS: dict[str, Region] = {
    "australiaeast": Region("aue", True, "australiasoutheast"),
    "australiasoutheast": Region("ause", False, "australiaeast"),
    "brazilsouth": Region("brs", True, "southcentralus"),
    "canadacentral": Region("cac", True, "canadaeast"),
    "canadaeast": Region("cae", False, "canadacentral"),
    "centralindia": Region("inc", True, "southindia"),
    "centralus": Region("usc", True, "eastus2"),
    "eastasia": Region("ase", True, "southeastasia"),
    "eastus": Region("use", True, "westus"),
    "eastus2": Region("use2", True, "centralus"),
    "francecentral": Region("frc", True, "francesouth"),
    "germanywestcentral": Region("gwc", True, "germanynorth"),
    "israelcentral": Region("ilc", True, ""),
    "italynorth": Region("itn", True, ""),
    "japaneast": Region("jpe", True, "japanwest"),
    "japanwest": Region("jpw", True, "japaneast"),
    "koreacentral": Region("krc", True, "koreasouth"),
    "mexicocentral": Region("mxc", True, ""),
    "newzealandnorth": Region("nzn", True, ""),
    "northcentralus": Region("usnc", False, "southcentralus"),
    "northeurope": Region("neu", True, "westeurope"),
    "norwayeast": Region("noe", True, "norwaywest"),
    "polandcentral": Region("plc", True, ""),
    "qatarcentral": Region("qac", True, ""),
    "southafricanorth": Region("zan", True, "southafricawest"),
    "southcentralus": Region("ussc", True, "northcentralus"),
    "southeastasia": Region("asse", True, "eastasia"),
    "southindia": Region("ins", False, "centralindia"),
    "spaincentral": Region("esc", True, ""),
    "swedencentral": Region("sec", True, "swedensouth"),
    "switzerlandnorth": Region("chn", True, "switzerlandwest"),
    "uaenorth": Region("aen", True, "uaecentral"),
    "uksouth": Region("uks", True, "ukwest"),
    "ukwest": Region("ukw", False, "uksouth"),
    "westcentralus": Region("uswc", False, "westus2"),
    "westeurope": Region("weu", True, "northeurope"),
    "westus": Region("usw", False, "eastus"),
    "westus2": Region("usw2", True, "westcentralus"),
    "westus3": Region("usw3", True, "eastus"),
}
