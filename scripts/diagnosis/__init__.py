"""What `make doctor` looks at, one module for each subject; everything here only reads."""
