"""Events, sessions, usage, volume and device health: pandas in, pandas out.

No function changes a frame that it is given. A `time_zone` is an IANA name; its hours and days are counted.
"""
