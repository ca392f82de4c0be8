"""The process that alone touches a bench, its guard, and how others talk to it."""
