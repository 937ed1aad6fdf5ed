#!/usr/bin/env python3
"""Medians of the mail-flow runs in a file of measurements, server beside server: flow.py FILE."""
import statistics
import sys

runs = {}
for line in open(sys.argv[1]):
    fields = line.rstrip("\n").split("\t")
    sessions, size = int(fields[2][2:]), int(fields[4][2:])
    values = dict(field.split("=", 1) for field in fields[5:] if "=" in field)
    runs.setdefault((size, sessions), {}).setdefault(fields[1], []).append(values)

print("| size | sessions | server | drained/s (min to max) | accepted/s | CPU ms a message | PSS MB | flushes a message |")
print("|---|---|---|---|---|---|---|---|")
for (size, sessions), servers in sorted(runs.items()):
    medians = {}
    for server, found in servers.items():
        of = {name: [float(values[name]) for values in found] for name in ("drain", "acc", "cpu", "pss", "flush")}
        medians[server] = {name: statistics.median(values) for name, values in of.items()}
        m, rates = medians[server], of["drain"]
        print(f"| {size >> 10} KiB | {sessions} | {server} | {m['drain']:.0f} ({min(rates):.0f} to {max(rates):.0f}) | {m['acc']:.0f} "
              + (f"| {m['cpu']:.3f} | {m['pss']:.0f} | {m['flush']:.2f} |" if server != "direct" else "| | | |"))
    if {"postfix", "gateway"} <= medians.keys():
        ours, theirs = medians["gateway"], medians["postfix"]
        ratio = lambda name: ours[name] / theirs[name] if theirs[name] else float("nan")
        print(f"| | | ratio | {ratio('drain'):.1f} | {ratio('acc'):.1f} | {ratio('cpu'):.3f} | {ratio('pss'):.2f} | {ratio('flush'):.2f} |")
