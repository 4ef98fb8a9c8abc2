# SPDX-License-Identifier: MIT
"""Writes the results of measure.py as tables, a page and a chart."""
import re
import shutil
import statistics
import subprocess
import sys
import textwrap


def compiled_table(rows):
    head = ["program", "compiler", "CPU seconds to compile", "of Eigen/Core's", "budget", "KB of program and libraries",
            "MB in memory as it runs"]
    return "## compile: the smallest programs, -O3 -march=native\n\n" + markdown([head, *rows])


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def told(ns):
    return f"{ns:.0f} ns" if ns < 1e4 else f"{ns / 1e3:.1f} us" if ns < 1e7 else f"{ns / 1e6:.1f} ms"


def table(key, result):
    """Markdown: Rondo's least and median time; then each peer's ratio, least/median/greatest over the rounds."""
    if result.get("steps"):
        return steps_table(key, result)
    sides = [side for side in next(iter(result["times_ns"].values())) if side != "rondo"]
    sides = [side for side in sides if any(times[side] for times in result["times_ns"].values())]
    rows = [["benchmark", "min", "median", "GFLOP/s", "of limit"] + sides + (["best peer"] if sides else [])]
    for name, times in result["times_ns"].items():
        ours, more = times["rondo"], result["counters"].get(name)
        row = [name, told(min(ours)), told(statistics.median(ours)), "", ""]
        if more:
            computing, reading = more["operations"] / limit(result), more["reading_ns"]
            outside = more["outside_steps"]
            least = outside * computing + max((1 - outside) * computing, reading)
            row[3] = f"{more['operations'] / min(ours):.1f}"
            row[4] = f"{least / min(ours):.2f}" + (" reading" if reading > (1 - outside) * computing else "")
        ratios = {side: [theirs / own for theirs, own in zip(times[side], ours)] for side in sides}
        row += [ratio_text(ratios[side]) for side in sides]
        ratios = {side: rates for side, rates in ratios.items() if rates}
        if ratios:
            fastest = min(ratios, key=lambda side: statistics.median(ratios[side]))
            best = [min(rates) for rates in zip(*ratios.values())]
            row.append(f"{ratio_text(best)}, {fastest.removesuffix('.py')}")
            result.setdefault("ratios", {})[name] = best
        elif sides:
            row.append("-")
        rows.append(row)
    text = f"## {key}: {result['title']}\n\n" + markdown(rows)
    if result["problems"]:
        text += "\n\nWithout a figure: " + "; ".join(result["problems"]) + "."
    return text


def steps_table(key, result):
    """Markdown: median, p99.9 and worst of the steps of the last round."""
    rows = [["benchmark", "p50", "p99.9", "worst"]]
    for name, steps in result["steps"].items():
        rows.append([name.split("/each_step")[0], *(told(ns) for ns in steps.values())])
    return f"## {key}: {result['title']}\n\n" + markdown(rows)


def limit(result):
    """GFLOP/s of one core: the maximum over all runs of Rondo's programs, since disturbances only lower it."""
    return max(float(context["limit, GFLOP/s"]) for context in result["context"].values()
               if "limit, GFLOP/s" in context)


def ratio_text(ratios):
    if not ratios:
        return "-"
    return f"{min(ratios):.2f} / {statistics.median(ratios):.2f} / {max(ratios):.2f}"


def draw(out, results):
    """A bar for the median ratio to the fastest peer of every benchmark that has one."""
    bars = [(key, name, statistics.median(result["ratios"][name]), min(result["ratios"][name]),
             max(result["ratios"][name])) for key, result in results.items() for name in result.get("ratios", {})
            if result["ratios"][name]]
    if not bars:
        return
    lines, number = [], {key: k for k, key in enumerate(results)}
    for key, name, median, least, most in bars:
        label = re.sub(r"^epoch/|/real_time$|/threads:1|/float$|/inference$|/training$", "", name)
        label = label.replace("/batch:", ", batch ").replace("/", " ")
        lines.append(f'"{key}: {label}" {median} {least} {most} {number[key] + 1}')
    (out / "cpu.dat").write_text("# benchmark  median  least  greatest ratio to the fastest peer\n" + "\n".join(lines))
    height, font = (16, 11) if len(bars) < 100 else (9, 8)
    script = (f"set terminal svg size 1000,{120 + height * len(bars)} font 'sans,{font}' background 'white'\n"
              "set output 'cpu.svg.part'\nset style fill solid 0.8\nset grid x\nunset key\nset logscale x 2\n"
              f"set xrange [0.5:64]\nset yrange [{len(bars)}:-1]\n"
              "set xlabel 'time of the fastest of the other libraries, as a multiple of Rondo''s'\n"
              "set arrow from 1, graph 0 to 1, graph 1 nohead lc 'black'\n"
              "plot 'cpu.dat' using 2:0:(1):2:($0-0.35):($0+0.35):5:ytic(1) with boxxyerror lc variable, "
              "'' using 2:0:3:4 with xerrorbars lc 'black' pt 0\n")
    part = out / "cpu.svg.part"
    if not shutil.which("gnuplot"):
        print("gnuplot: not found: no chart", file=sys.stderr)
    elif subprocess.run(["gnuplot"], input=script, text=True, cwd=out).returncode == 0 and "</svg>" in part.read_text()[-12:]:
        part.replace(out / "cpu.svg")  # gnuplot leaves an incomplete file, without an error, if the disk is full
    else:
        sys.exit("gnuplot failed, or the disk is full: no chart")
    (out / "cpu.dat").unlink()


def report(about, results, tables):
    """All results as one page."""
    versions = sorted({f"{key.split()[0]} {context[name]}" for result in results.values()
                       for key, context in result.get("context", {}).items()
                       for name in ("version", "torch") if name in context})
    text = (f"{about['processor']}, {about['cores']} cores, {about['system']}; {'; '.join(about['compilers'])}; "
            f"{'; '.join(versions)}. {about['date']}. {about['rounds']} rounds of {about['seconds_each']} s per benchmark"
            f", pinned to one core; {about['repeated']} disturbed measurements were made again. Compilers' flags: "
            "-O3 -march=native, never -ffast-math. A ratio is the peer's time over Rondo's in the same round, the best of "
            "the compilers on both sides: least / median / greatest of all rounds. The limit is what the multiplications "
            "take one core at least, or, where that is more, reading the weights that each step reads from the cache "
            "that holds them; both are measured in the same run.")
    peers = any(len(next(iter(result["times_ns"].values()))) > 1 for result in results.values() if "times_ns" in result)
    command = "benchmarks/run" + (" --peers --rtneural DIR --python PYTHON" if peers else "")
    return "\n".join(["# On the CPU", "", f"`{command}`", "", *textwrap.wrap(text, 120), "", "\n\n".join(tables), ""])
