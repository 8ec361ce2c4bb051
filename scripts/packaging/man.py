"""Writes the manual page from what `postbox --experimental-dump-help` prints, on standard input, to standard output."""

import json
import sys


def text(words):
    """One paragraph of roff: nothing in it is taken for a command."""
    words = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in words.split("\n"))


def discussion(words):
    """Paragraphs; indented ones are examples and stay as they are."""
    for paragraph in words.strip("\n").split("\n\n"):
        example = paragraph.startswith("  ")
        yield from (".PP\n.nf" if example else ".PP", text(paragraph))
        if example:
            yield ".fi"


def names(argument):
    if argument["kind"] == "positional":
        return f"\\fI{text(argument['valueName'])}\\fR"
    spelled = ", ".join("\\fB" + text(("--" if name["kind"] == "long" else "-") + name["name"]) + "\\fR" for name in argument["names"])
    return spelled + (f" \\fI{text(argument['valueName'])}\\fR" if argument["kind"] == "option" else "")


def explanation(argument):
    words = argument.get("abstract", "")
    notes = []
    if argument.get("allValues"):
        notes.append("values: " + ", ".join(argument["allValues"]))
    if argument.get("defaultValue"):
        notes.append("default: " + argument["defaultValue"])
    return text(words + (f" ({'; '.join(notes)})" if notes else ""))


def arguments(command):
    """The options of a command, those without a title first."""
    shown = [a for a in command.get("arguments", []) if a["shouldDisplay"] and a["valueName"] not in ("help", "version")]
    titles = list(dict.fromkeys(a.get("sectionTitle") for a in shown))
    for title in sorted(titles, key=lambda title: title is not None):
        if title:
            yield f".PP\n{text(title)}:"
        for argument in shown:
            if argument.get("sectionTitle") == title:
                yield from (".TP", names(argument), explanation(argument))


def commands(command, path):
    """Sections for a command and those below it."""
    for below in command.get("subcommands", []):
        if below["commandName"] == "help" or not below["shouldDisplay"]:
            continue
        name = f"{path} {below['commandName']}"
        yield from (f".SS {text(name)}", text(below["abstract"]))
        yield from discussion(below.get("discussion", ""))
        if not below.get("subcommands"):
            yield from arguments(below)
        yield from commands(below, name)


def page(command, version, date):
    yield f'.TH POSTBOX 1 "{date}" "Postbox {version}" "User Commands"'
    yield from (".SH NAME", f"postbox \\- {text(command['abstract'][0].lower() + command['abstract'][1:].rstrip('.'))}")
    yield ".SH SYNOPSIS"
    yield ".B postbox\n.I command\n[\\fIoptions\\fR]"
    yield ".SH DESCRIPTION"
    yield from discussion(command["discussion"])
    yield ".SH COMMANDS"
    yield from commands(command, "postbox")
    yield ".SH SEE ALSO"
    yield ".BR systemd.socket (5),\n.BR sqlite3 (1)"


version, date = sys.argv[1:]
print("\n".join(line for line in page(json.load(sys.stdin)["command"], version, date) if line))
