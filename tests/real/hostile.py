"""Values and a name that would run a command, or change on their way, in a shell that takes them for code."""

CANARY = "ran"  # A file in the current folder.
C = "touch " + CANARY

VALUES = [
    "plain", " ", "  two  blanks ", "\ttab\t", "-n", "--help", "-e x", "~", "~root", "*", "/*", "?[a-z]", "{a,b}",
    "a=b", "#c", " # c", "x #c", "'", '"', "''", '""', "'\"'\"'", "\\", "\\\\", "\\'", "\\\"", "\\n", "\\$HOME", "\\!", "a\\",
    "!", "!!", "a!b", "!-1", "! x", "!=", "\\\\!", "'!'", "^a^b", "$", "$$", "$HOME", "${HOME}", "${HOME:-x}", "$(id)",
    "$(" + C + ")", "${x:-$(" + C + ")}", "`" + C + "`", "`", "a;" + C, "; " + C + ";", "& " + C + " &", "|" + C, "&& " + C,
    "' ; " + C + " ; '", "\" ; " + C + " ; \"", "'; " + C + " #", "\\'; " + C + " #", "'\n" + C + "\n'", "\"\n" + C + "\n\"",
    "\n" + C + "\n", "a\nb", "a\n", "\n", "\n\n a\n\n", "a\rb", "a\r", "a\r\nb", "\x01\x1b[31m\x7f", "(" + C + ")", "(id)", "<(" + C + ")",
    "> " + CANARY, "%PATH%", "%%", "%s%n", "^&", "^", "a^b&c", "@{}", "$env:HOME", "$(touch)", "@(" + C + ")", "$[" + C + "]", "![" + C + "]",
    "é", "日本語", "😀", "\u2018" + C + "\u2019", "\u201c\u201d", "\u00a0", "\u2028\u2029\u0085", "\ufeffbom", "e\u0301", "\u202e",
    "\uff07;" + C, "\uf600\ue000", "\u0100\u0127", "' + __import__('os').system('" + C + "') + '", "{__import__('os').system('" + C + "')}",
    "\\x27;" + C, "\\u0027;" + C, "\\047;" + C, "'); " + C + "; ('", "')\n" + C + "\n#", "[" + C + "]", "null", "true", "1", "0x1", "[1]", "{}",
    "é" * 900, "IQoJb3JpZ2luX2VjE" + "aB3/+=" * 250, "'" * 300, "!" * 300, "\\" * 301, "$'" + C + "'", "$'\\n'",
]
# The hostile name of a profile: it may not hold a line break, and `]` ends a header.
NAME = "a'b $(%s) `%s` ; %s & | > ! \\ ~ * é" % (C, C, C)
