"""SNMP on the wire: v1, v2c and v3, over UDP and TCP, and notifications."""
