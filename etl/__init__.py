"""Join IoT on/off events with the device master into a device operation history.

Three layers, imported in one direction only:

* pure functions (values and frames in, new ones out): ``contract``, ``raw_file``, ``alike``, ``records``, ``join``,
  ``text_index``, ``row_counts``, ``history_csv``, ``history_lines``, ``sessions``, ``checks``, ``plots``, ``keys``,
  ``manifest``;
* input and output, the only users of boto3 and files: ``aws``, ``object_store``, ``upload``, ``device_table``,
  ``duplicates``, ``stream``, ``provenance``;
* the command line: ``cli``, ``run_command``, ``step_lines``, ``exit_codes``, ``local_pipeline``, ``progress``.

The notebooks call the first two; ``errors`` and ``settings`` are shared with ``lambda_wrappers``.
"""
