"""A software twin of a data centre that answers real Modbus and SNMP, to test failover logic against."""
