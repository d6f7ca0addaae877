"""Prints the variables that `sam local invoke --env-vars` gives each function, as JSON by logical id.

Usage: sam_variables.py TEMPLATE ENV_VARS. It calls the code of sam itself, of the version in requirements/tools.txt.
"""

import json
import sys
from pathlib import Path

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider


def main(template, env_vars):
    stacks, _ = SamLocalStackProvider.get_stacks(template)
    functions = SamFunctionProvider(stacks, use_raw_codeuri=True)
    # A private method, because sam exposes no other. It needs neither runtime nor folders.
    runner = LocalLambdaRunner(None, functions, None, None, env_vars_values=json.loads(Path(env_vars).read_text()))
    variables = {function.name: runner._make_env_vars(function).resolve() for function in functions.get_all()}
    print(json.dumps(variables, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
