#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What no header of the library may do: rules.py FOLDER. Where one may, it is named here."""
import pathlib, re, sys

RULES = [
    ("streams bring globals and locales with them", r"#\s*include\s*<(i|o|f|s)?stream>|#\s*include\s*<(iostream|ostream|istream|"
     r"fstream|sstream|iomanip|locale|clocale|locale\.h|regex)>|std::(cout|cerr|clog|cin|locale)\b", []),
    ("numbers are read and written by from_chars and to_chars, which know no locale",
     r"\b(strto(d|f|ld|l|ll|ul|ull)|sto(d|f|ld|i|l|ul|ll|ull)|ato(f|i|l|ll)|setlocale|localeconv)\s*\(|\bto_w?string\((double|float)\(|"
     r"\b(v?f?s?n?printf|[fs]?scanf)\s*\(", ["core/error.hpp"]),  # what it prints without exceptions is a string
    ("min, max and check in parentheses: a host may have macros of these names",
     r"(?<!\w)(std::|std::ranges::|math::|numeric_limits<[^()]*>::|Limits::)(min|max)\(|(?<!\w)check\(", []),
    ("floating point is read by read_number, which has a way where the library has no from_chars",
     r"\bfrom_chars\([^;]*\b(value|number|read)\)\s*\.\s*ec", ["core/read_number.hpp"]),
    ("letters are those of ASCII, in any locale", r"\b(is(alpha|alnum|digit|space|punct|upper|lower|print)|to(lower|upper))\s*\(", []),
    ("all errors go through rondo::fail", r"\bthrow\b", ["core/error.hpp"]),
    ("threads only where they are asked for", r"std::(thread|jthread|async)\b", ["train/workers.hpp"]),
    ("pointers to functions keep their type: no sanitizer checks calls through them", r"_cast<[^;]*\(\s*(\w+::)*\*\s*\)\s*\(", []),
    ("no variable is shared", r"\bthread_local\b|^\s*(inline|static)\s+(?!.*\b(constexpr|constinit|const|struct|consteval)\b)[^()]*(=[^=].*)?;", []),
]

root = pathlib.Path(sys.argv[1])
broken = 0
for file in sorted(root.rglob("*.hpp")):
    name = str(file.relative_to(root))
    for number, line in enumerate(file.read_text().splitlines(), 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]
        for why, pattern, allowed in RULES:
            if name not in allowed and re.search(pattern, code):
                print(f"{name}:{number}: {line.strip()}\n    {why}")
                broken += 1


def includes(file):
    return {(file.parent / name).resolve() for name in re.findall(r'^#include "([^"]+)"', file.read_text(), re.M)}


# Elsewhere the macro would be the name of a namespace.
version, opens = (root / "version.hpp").resolve(), "inline RONDO_VERSION_NAMESPACE"
for file in sorted(root.rglob("*.hpp")):
    reached, new = set(), {file.resolve()}
    while new:
        reached |= new
        new = {included for one in new for included in includes(one)} - reached
    if opens in file.read_text() and version not in reached:
        print(f"{file.relative_to(root)}: opens the version's namespace without version.hpp")
        broken += 1
print(f"{broken} lines break a rule")
sys.exit(broken > 0 or not any(root.rglob("*.hpp")))
