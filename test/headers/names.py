#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No name is declared both in a namespace of the library and in the `detail` within it: names.py FOLDER.

The inner one would hide the outer one from all code in `detail`, whichever header comes first.
"""
import pathlib, re, sys


def plain(text):
    """Without comments, literals and preprocessor lines."""
    text = re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])+\'', " ", text, flags=re.S)
    return re.sub(r"^\s*#(.*\\\n)*.*", "", text, flags=re.M)


def without_template_heads(text):
    while found := re.search(r"\btemplate\s*<", text):
        depth, end = 1, found.end()
        while depth and end < len(text):
            depth += {"<": 1, ">": -1}.get(text[end], 0)
            end += 1
        text = text[: found.start()] + text[end:]
    return text


def declared(statement):
    """The name that a statement at namespace scope declares first; none for a specialization."""
    text = without_template_heads(statement).strip()
    if re.match(r"(static_assert|namespace|extern|friend|using\s+namespace)\b", text) or not text:
        return None
    found = re.search(r"\b(?:struct|class|enum|union|concept)\s+(?:class\s+)?(\w+)\s*(<?)", text)
    if found and not re.match(r"[^({=]*\(", text[: found.start()]):
        return None if found[2] else found[1]
    if found := re.match(r"using\s+(\w+)\s*=", text):
        return found[1]
    if found := re.search(r"\b(?!requires\b|noexcept\b|alignas\b|decltype\b|sizeof\b)(\w+)\s*(?:\(|=[^=])", text):
        return None if re.search(r"\boperator\b", text) or "::" + found[1] in text.replace(" ", "") else found[1]
    return None


def declarations(text):
    """(namespace, name) of what a header declares at namespace scope."""
    scopes, statement = [], ""
    for sign in plain(text):
        inside_block = None in scopes
        if sign == "{":
            found = re.fullmatch(r"\s*(?:inline\s+)?namespace\s+([\w:\s]+)", statement)
            if found and not inside_block:
                scopes.append([part.replace("inline ", "").strip() for part in found[1].split("::")])
            else:
                if not inside_block and (name := declared(statement)):
                    yield "::".join(part for scope in scopes for part in scope), name
                scopes.append(None)
        elif sign == "}":
            block = scopes.pop() is None
            statement = statement if block and None in scopes else ""
            continue
        elif sign == ";" and not inside_block:
            if name := declared(statement):
                yield "::".join(part for scope in scopes for part in scope), name
        else:
            statement += sign
            continue
        if not inside_block:
            statement = ""


root = pathlib.Path(sys.argv[1])
files = {}
for file in sorted(root.rglob("*.hpp")):
    for scope, name in declarations(file.read_text()):
        files.setdefault((scope, name), set()).add(str(file.relative_to(root)))
hidden = [(scope, name) for scope, name in files if (scope + "::detail", name) in files]
for scope, name in hidden:
    print(f"{scope}::{name} ({', '.join(sorted(files[scope, name]))}) is hidden by {scope}::detail::{name} "
          f"({', '.join(sorted(files[scope + '::detail', name]))})")
print(f"{len(files)} names, {len(hidden)} of them hidden")
sys.exit(bool(hidden) or len(files) < 100)
