"""One command of `podcov-webhook` per file: `add_arguments(parser)` and `run(parsed)`."""
