"""pysnmp's own command responder with its default MIB: `pysnmp_agent.py HOST PORT`."""

import sys

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context

snmp_engine = engine.SnmpEngine()
config.add_transport(snmp_engine, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode((sys.argv[1], int(sys.argv[2]))))
config.add_v1_system(snmp_engine, "manager", "public")
config.add_vacm_user(snmp_engine, 2, "manager", "noAuthNoPriv", (1, 3, 6), (1, 3, 6))
snmp_context = context.SnmpContext(snmp_engine)
cmdrsp.GetCommandResponder(snmp_engine, snmp_context)
cmdrsp.NextCommandResponder(snmp_engine, snmp_context)
cmdrsp.BulkCommandResponder(snmp_engine, snmp_context)
snmp_engine.transport_dispatcher.job_started(1)
snmp_engine.open_dispatcher()
