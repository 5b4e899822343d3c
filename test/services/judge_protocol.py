"""The line protocol of the judges: one JSON request in, one JSON answer out, in order.

`claim_stdout` must run before anything that could print: libraries and the JVM inherit what is left
of stdout, and one stray line there would be taken for an answer.
"""

import json
import os
import signal
import sys
import threading
import time

ORPHAN_CHECK_SECONDS = 1
ERROR_TEXT_MAX = 4_000  # A Java stack trace is longer than any test report wants to show.


def serve(answers, engine, operations):
    """Answers requests until stdin ends. `operations` maps the name of an operation to a function of the request."""
    threading.Thread(target=die_with_parent, args=[os.getppid()], daemon=True).start()
    send(answers, {"ready": True, "engine": engine})
    for line in sys.stdin:
        if line.strip():
            send(answers, answer(line, operations))


def claim_stdout():
    """Takes stdout for the protocol alone; whatever else prints goes to stderr from here on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def die_with_parent(parent):
    # The end of stdin tells it too, but only once the request at hand is answered.
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def answer(line, operations):
    identity = None
    try:
        request = json.loads(line)
        identity = request.get("id")
        operation = operations.get(request.get("op"))
        if operation is None:
            known = ", ".join(sorted(operations))
            raise ValueError(f"Cannot do this operation: op={request.get('op')} known={known}")
        return {"id": identity, "ok": True, **operation(request)}
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as failure:  # A panic inside delta-rs is no Exception, and the judge must outlive it.
        return {"id": identity, "ok": False, "error": f"{type(failure).__name__}: {failure}"[:ERROR_TEXT_MAX]}


def send(answers, message):
    answers.write(json.dumps(message, default=str) + "\n")
    answers.flush()
