"""schema.py SCHEMA OUT CONFIG...: what jsonschema has against each config, one line a complaint, for test_schema.cpp."""
import json
import sys

import jsonschema
import yaml

schema, out, *configs = sys.argv[1:]
schema = json.load(open(schema))
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema)
with open(out, "w") as lines:
    for config in configs:
        for error in validator.iter_errors(yaml.safe_load(open(config))):
            print(f"{config}: {'.'.join(map(str, error.path))}: {error.message}", file=lines)
