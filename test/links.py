#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every link of the Markdown pages leads to a file of the repository, or to a heading that is there: links.py SOURCE."""
import pathlib, re, subprocess, sys, urllib.parse

source = pathlib.Path(sys.argv[1]).resolve()
FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|`[^`\n]+`", re.M | re.S)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:src|href)=[\"']([^\"']+)", re.M)


def anchors(page):
    """As GitHub makes them of headings: lower case, blanks as hyphens, no other punctuation; repeated ones numbered."""
    found, text = [], re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", page.read_text(), flags=re.M | re.S)
    for title in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", text, re.M):
        title = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        again = sum(re.fullmatch(re.escape(slug) + r"(-\d+)?", other) is not None for other in found)
        found.append(f"{slug}-{again}" if again and slug in found else slug)
    return found + re.findall(r"<a (?:name|id)=[\"']([^\"']+)", text)


def problem(page, link):
    """What is wrong with a link of a page, or nothing; addresses elsewhere are not looked up."""
    path, _, anchor = urllib.parse.unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(source) or not target.exists():
        return "there is no such file"
    if tracked is not None and target.is_file() and target not in tracked:
        return "the file is not in the repository"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target)):
        return "there is no such heading"


listed = subprocess.run(["git", "-C", source, "ls-files", "-z"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
tracked = {source / name for name in listed.stdout.split("\0")} if listed.returncode == 0 else None
pages = [*sorted(source.glob("*.md")), *sorted(source.glob("docs/**/*.md")), *sorted(source.glob("benchmarks/**/*.md"))]
count = failed = 0
for page in pages:
    text = FENCE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), page.read_text())
    for match in LINK.finditer(text):
        link = next(group for group in match.groups() if group)
        if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
            continue
        count += 1
        wrong = problem(page, link)
        if wrong:
            failed += 1
            print(f"{page.relative_to(source)}:{text.count(chr(10), 0, match.start()) + 1}: {link}: {wrong}")
print(f"{count - failed} of {count} links lead somewhere")
sys.exit(failed > 0 or count == 0)
