#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/layers.md has each layer, with the header that declares it: layers.py SOURCE_ROOT."""
import pathlib, re, sys

root = pathlib.Path(sys.argv[1])
rows = [line for line in (root / "docs/layers.md").read_text().splitlines() if line.startswith("| `")]
faults = []
for header in sorted((root / "include/rondo/layer").glob("*.hpp")):
    text = re.sub(r"namespace detail \{.*?^\}", "", header.read_text(), flags=re.S | re.M)
    for name in re.findall(r"^(?:template <.*>\s+)?struct (\w+)(?=[ \n][^;]*\{)", text, flags=re.M):
        if "describe" not in (body := text[text.index(f"struct {name}"):])[: body.find("\n};")] and \
                not re.search(rf"struct {name} : (?:detail::|Activation|Sequential|Recurrent|Network)", text):
            continue  # options and results of layers
        if not any(re.search(rf"`{name}\b|\b{name}<", row) and header.name in row for row in rows):
            faults.append(f"{header.name}: {name} is not in docs/layers.md with its header")
print("\n".join(faults + [f"{len(rows)} rows, {len(faults)} faults"]))
sys.exit(bool(faults))
