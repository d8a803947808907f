"""powershell_syntax.py FILE…: prints, as one JSON object a line, what each PowerShell script comes to: where its syntax is wrong, and
the commands that it would run. It needs tree-sitter and its grammar of PowerShell, which setup.sh installs."""
import json, sys
import tree_sitter, tree_sitter_powershell

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def read(path):
    with open(path, "rb") as file:
        nodes = list(walk(PARSER.parse(file.read()).root_node))
    wrong = ["line %d, column %d" % (node.start_point[0] + 1, node.start_point[1] + 1) for node in nodes if node.is_error or node.is_missing]
    return {"wrong": wrong, "commands": [node.text.decode() for node in nodes if node.type == "command"]}


for path in sys.argv[1:]:
    print(json.dumps(read(path)))
