"""Lists of a data centre's equipment (CSV, NetBox) that become a site file to complete."""
