"""Join IoT on/off events with the device master into a device operation history.

Three layers, imported in one direction only:

* pure functions (values and frames in, new ones out): ``contract``, ``raw_file``, ``join``, ``history_csv``,
  ``checks``, ``plots``, ``keys``, ``manifest``;
* input and output, the only users of boto3: ``aws``, ``object_store``, ``device_table``, ``provenance``;
* the command line: ``cli``, ``local_pipeline``, ``progress``.

The notebooks call the first two; ``errors`` and ``settings`` are shared with ``lambda_wrappers``.
"""
