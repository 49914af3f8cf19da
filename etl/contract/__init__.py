"""What a record, a row, a file and a count may be: rules only, no input or output, no pyarrow."""
