"""Parts that the firmware of every device kind uses: points, alarms, faults."""
