"""Join IoT on/off events with the device master into a device operation history.

Each folder is a room with a rule that says what it may import (``docs/architecture.md``): ``contract``, ``raw``,
``join``, ``analysis``, ``checks``, ``display``, ``storage``, ``runs`` and, on top of them, the command line ``cli``.
"""
