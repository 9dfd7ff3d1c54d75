"""Steps that journeys share, each written once: a function that makes the handlers of one."""
