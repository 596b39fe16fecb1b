#!/usr/bin/env python3
"""Tables and a chart of peers beside TrainingKit: results.py RUN.jsonl ... --ours ours --folder Results

Each line of a run is a JSON object: of a case of one library with the keys suite, case, threads, lib, unit and value
(a median), of a limit of the machine with suite "limits" and the key best, or of the machine with suite "machine" and
the keys cpu, cores, load and when. A case counts with the best of its medians over the runs. Ratios are the time, or
the memory, of the best peer divided by ours: above 1 we are ahead. Needs matplotlib for the chart.
"""
import argparse
import json
import math
import os

TITLES = {
    "gemm": "Products of matrices", "ops": "Single operations", "mlp": "Perceptron, a step", "gpt": "GPT, a step",
    "cnn": "Residual CNN, a step", "optim": "Optimizer sweeps", "overhead": "Tiny operations and steps",
    "memory": "Memory of a step",
}


def higher_is_better(unit):
    return unit.endswith("/s")


def load(paths):
    machines, limits, rows = [], {}, {}
    for path in paths:
        with open(path) as lines:
            for row in map(json.loads, lines):
                if row["suite"] == "machine":
                    machines.append(row)
                elif row["suite"] == "limits":
                    pick = max if higher_is_better(row["unit"]) else min
                    key = (row["case"], row["unit"], row["threads"])
                    limits[key] = pick(limits.get(key, row["best"]), row["best"])
                else:
                    case = (row["suite"], row["case"], row["threads"], row["unit"])
                    pick = max if higher_is_better(row["unit"]) else min
                    found = rows.setdefault(case, {})
                    found[row["lib"]] = pick(found.get(row["lib"], row["value"]), row["value"])
    return machines, limits, rows


def comparisons(rows, ours):
    """(suite, case, threads, unit, ours, best peer, its value, ratio) of each case that somebody else runs too."""
    for (suite, case, threads, unit), found in rows.items():
        peers = {lib: value for lib, value in found.items() if lib != ours}
        if ours not in found or not peers:
            continue
        if suite not in TITLES:
            raise SystemExit(f"results.py: the suite {suite} has no title")
        best = (max if higher_is_better(unit) else min)(peers, key=peers.get)
        if min(found[ours], peers[best]) <= 0:
            print(f"left out: {suite} {case} has a value of 0")
            continue
        ratio = found[ours] / peers[best] if higher_is_better(unit) else peers[best] / found[ours]
        yield suite, case, threads, unit, found[ours], best, peers[best], ratio


def number(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def write_tables(path, machines, limits, cases, peers):
    with open(path, "w") as out:
        first = machines[0]
        out.write("# Speed and memory beside other libraries\n\n")
        loads = ", ".join(number(machine["load"]) for machine in machines)
        out.write(f"{first['cpu']}, {first['cores']} cores, {first['when'][:10]}; load average at the start of the runs"
                  f" {loads}. Peers: {', '.join(peers)}. Ratios are the best peer's time, or memory, divided by ours: "
                  "above 1 we are ahead. `results.py` wrote this file.\n\n![ratios](speed.svg)\n\n")
        out.write("| suite | threads | cases | geometric mean | least | largest |\n"
                  "| --- | ---: | ---: | ---: | ---: | ---: |\n")
        for suite in TITLES:
            for threads in sorted({c[2] for c in cases if c[0] == suite}):
                ratios = [c[7] for c in cases if c[0] == suite and c[2] == threads]
                out.write(f"| {TITLES[suite]} | {threads} | {len(ratios)} | {mean(ratios):.2f} | {min(ratios):.2f} "
                          f"| {max(ratios):.2f} |\n")
        for suite in TITLES:
            mine = [c for c in cases if c[0] == suite]
            if not mine:
                continue
            out.write(f"\n## {TITLES[suite]}\n\n| case | threads | TrainingKit | best peer | which | unit | ratio |\n"
                      "| --- | ---: | ---: | ---: | --- | --- | ---: |\n")
            for _, case, threads, unit, own, best, value, ratio in mine:
                out.write(f"| {case} | {threads} | {number(own)} | {number(value)} | {best} | {unit} | {ratio:.2f} |\n")
        if limits:
            out.write("\n## Limits of the machine in the same runs\n\n| what | threads | limit | unit |\n"
                      "| --- | ---: | ---: | --- |\n")
            for (case, unit, threads), value in limits.items():
                out.write(f"| {case} | {threads} | {number(value)} | {unit} |\n")


def write_chart(path, machine, cases):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plot
    plot.rcParams.update({"svg.hashsalt": "results", "svg.fonttype": "none", "font.family": "sans-serif"})
    suites = [s for s in TITLES if any(c[0] == s for c in cases)]
    figure, axes = plot.subplots(figsize=(8, 0.62 * len(suites) + 1.5))
    axes.axvline(1, color="#888888", linewidth=1)
    for place, suite in enumerate(reversed(suites)):
        ratios = sorted(c[7] for c in cases if c[0] == suite)
        heights = [place + 0.22 * math.sin(2.4 * i) for i in range(len(ratios))]
        colors = ["#1a7f4b" if r >= 1 else "#c2571a" for r in ratios]
        axes.scatter(ratios, heights, s=18, c=colors, alpha=0.65, linewidths=0)
        axes.plot([mean(ratios)] * 2, [place - 0.34, place + 0.34], color="#222222", linewidth=2)
        axes.text(1.01, place, f"{mean(ratios):.2f}×", transform=axes.get_yaxis_transform(), va="center")
    axes.set_xscale("log", base=2)
    low, high = min(c[7] for c in cases), max(c[7] for c in cases)
    ticks = [2.0 ** e for e in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]
    axes.set_xticks(ticks, [f"{t:g}×" for t in ticks])
    axes.set_yticks(range(len(suites)), [TITLES[s] for s in reversed(suites)])
    axes.set_xlabel("how many times ahead of the best peer; a dot is a case, a bar the geometric mean")
    axes.set_title(f"TrainingKit beside the best of its peers, {machine['cpu']}, {machine['when'][:10]}", fontsize=10)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None}, facecolor="white")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--ours", default="ours", help="the name that TrainingKit has in the runs")
    parser.add_argument("--folder", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "Results"))
    arguments = parser.parse_args()
    machines, limits, rows = load(arguments.runs)
    if not machines:
        parser.error("the runs do not say what machine they are of")
    cases = list(comparisons(rows, arguments.ours))
    if not cases:
        parser.error(f"no case that both {arguments.ours} and a peer ran")
    peers = sorted({lib for found in rows.values() for lib in found} - {arguments.ours})
    os.makedirs(arguments.folder, exist_ok=True)
    write_chart(os.path.join(arguments.folder, "speed.svg"), machines[0], cases)
    write_tables(os.path.join(arguments.folder, "README.md"), machines, limits, cases, peers)


if __name__ == "__main__":
    main()
