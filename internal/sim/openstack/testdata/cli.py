# Runs the openstack client for each line of standard input, a JSON list of an environment and arguments, within one
# process, since starting Python takes longer than most commands. Answers a line of JSON: exit status, output, errors.
import contextlib
import io
import json
import os
import sys

from openstackclient import shell

for line in sys.stdin:
    env, args = json.loads(line)
    os.environ.update(env)
    out, errs = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errs):
        try:
            code = shell.main(args)
        except SystemExit as e:
            code = e.code
    print(json.dumps({"code": int(code or 0), "out": out.getvalue(), "err": errs.getvalue()}), flush=True)
