"""Run a command and write what it has used as JSON: python bench/watched.py OUT COMMAND...

A step of its own because the kernel counts the memory of whoever starts a process as that
process's first peak: a benchmark that holds 50,000 reviews would lend its size to every contender.
This one holds nothing. Standard library only; the command's output goes to stderr.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

started = time.monotonic()
process = subprocess.Popen(sys.argv[2:], stdout=sys.stderr)
_, status, usage = os.wait4(process.pid, 0)
facts = {
    "wall": round(time.monotonic() - started, 2),
    "cpu": round(usage.ru_utime + usage.ru_stime, 2),
    "peak_mib": usage.ru_maxrss // 1024,
    "status": os.waitstatus_to_exitcode(status),
}
Path(sys.argv[1]).write_text(json.dumps(facts), encoding="utf-8")
