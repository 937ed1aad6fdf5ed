"""table.py FILE: what measure.py wrote, a row for each label and number of sessions, medians of the rounds."""
import statistics, sys

runs = {}
for line in open(sys.argv[1]):
    fields = line.rstrip("\n").split("\t")
    figures = dict(field.split("=", 1) for field in fields[5:] if "=" in field)
    runs.setdefault((fields[1], fields[2][2:]), []).append(figures)
print("| | sessions | drained/s | CPU ms | PSS MB | other load % |\n|---|---|---|---|---|---|")
for (label, sessions), figures in runs.items():
    median = {name: statistics.median(float(run[name]) for run in figures) for name in ("drain", "cpu", "pss", "other")}
    print(f"| {label} | {sessions} | {median['drain']:,.0f} | {median['cpu']:.2f} | {median['pss']:.0f} | {median['other']:.0f} |")
