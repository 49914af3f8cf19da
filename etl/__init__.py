"""Join IoT on/off events with the device master into a device operation history.

Three layers, imported in one direction only:

* pure functions (values and frames in, new ones out): ``contract``, ``raw_file``, ``alike``, ``records``, ``join``,
  ``text_index``, ``row_counts``, ``history_csv``, ``history_lines``, ``sessions``, ``checks``, ``plots``, ``keys``,
  ``manifest``, ``notebook_parameters``;
* input and output, the only users of boto3 and files: ``aws``, ``object_store``, ``upload``, ``device_table``,
  ``duplicates``, ``stream``, ``provenance``, ``read_only``, ``stage_resources``, ``kept_runs``, ``run_input``;
* the command line: ``cli``; its commands ``run_command``, ``lab_command``, ``up_command``; ``local_pipeline``,
  ``lab_folder``, ``jupyter_server`` and what shows progress.

The notebooks call the first two; ``errors`` and ``settings`` are shared with ``lambda_wrappers``.
"""
