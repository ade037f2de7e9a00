"""Answers tools/bench, which has several processes take their steps by turns, as `serve_steps` of photo51_bench does."""
import json
import sys
import time

import torch


def serve(step, **others):
    """`step` returns the seconds of it that the optimiser took; each of `others` makes an answer of a request's words."""

    def timed():
        begin = time.perf_counter()
        optimizer_s = step()
        return {"seconds": time.perf_counter() - begin, "optimizer_s": optimizer_s}

    def share(*names):
        """Of a step's time, that in operators of these names; of nested ones in the outermost."""

        def is_within(event):
            return event is not None and (event.name in names or is_within(event.cpu_parent))

        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            seconds = timed()["seconds"]
        outermost = [e for e in profile.events() if e.name in names and not is_within(e.cpu_parent)]
        return {"share": sum(e.cpu_time_total for e in outermost) * 1e-6 / seconds}

    requests = {"step": timed, "share": share, **others}
    for line in sys.stdin:
        request, *words = line.split()
        print(json.dumps(requests[request](*words)), flush=True)
