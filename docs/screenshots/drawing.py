"""Draws screens of a terminal, as tmux captures them with their colours, as an SVG: a still, or a film that plays by CSS alone.

An SVG in a page of GitHub runs no script and loads nothing, so all that it needs is in it.
"""
import html, os

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

THEME = TerminalTheme((24, 26, 31), (208, 212, 220),
                      [(60, 64, 72), (232, 96, 104), (128, 190, 110), (222, 180, 90), (92, 160, 236), (190, 120, 214), (84, 184, 194), (200, 204, 212)],
                      [(110, 116, 128), (255, 120, 126), (150, 214, 130), (244, 204, 116), (120, 184, 255), (214, 146, 238), (110, 210, 220), (240, 244, 250)])
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
# Pixels: a character's width, a line's height, where in it the text stands, and what is around the screen.
WIDTH, HEIGHT, BASELINE, MARGIN, BAR = 8.4, 18, 13.5, 14, 26


class Frame:
    """One screen, for some milliseconds; the cursor is (column, row), or None where it is hidden."""

    def __init__(self, screen, cursor=None, milliseconds=0):
        self.screen, self.cursor, self.milliseconds = screen, cursor, milliseconds


class Palette:
    """The classes of the styles in use."""

    def __init__(self):
        self.classes = {}

    def of(self, rules):
        return self.classes.setdefault(rules, "s%d" % len(self.classes))

    def css(self):
        return "".join(".%s{%s}" % (name, rules) for rules, name in self.classes.items())


def number(value):
    return ("%.2f" % value).rstrip("0").rstrip(".")


def hexadecimal(color):
    return "#%02x%02x%02x" % tuple(color)


def draw_row(segments, row, palette):
    """Returns the elements of one row: a rectangle for each background, a text for each run of one style."""
    elements, column = [], 0
    for segment in segments:
        style, cells = segment.style, segment.cell_length
        begin, column = column, column + cells
        front = style.color.get_truecolor(THEME, True) if style and style.color else THEME.foreground_color
        back = style.bgcolor.get_truecolor(THEME, False) if style and style.bgcolor else THEME.background_color
        if style and style.reverse:
            front, back = back, front
        x, width = number(begin * WIDTH), number(cells * WIDTH)
        if back != THEME.background_color:
            elements.append('<rect x="%s" y="%s" width="%s" height="%d" fill="%s"/>' % (x, row * HEIGHT, width, HEIGHT, hexadecimal(back)))
        text = segment.text.rstrip() if not (style and style.underline) else segment.text
        if not text.strip():
            continue
        lead = len(text) - len(text.lstrip())
        text, begin = text[lead:], begin + lead
        rules = "fill:" + hexadecimal(front)
        rules += ";font-weight:bold" if style and style.bold else ""
        rules += ";opacity:.6" if style and style.dim else ""
        rules += ";font-style:italic" if style and style.italic else ""
        rules += ";text-decoration:underline" if style and style.underline else ""
        # Every font then has the terminal's columns.
        length = number(Text(text).cell_len * WIDTH)
        elements.append('<text class="%s" x="%s" y="%s" textLength="%s">%s</text>'
                        % (palette.of(rules), number(begin * WIDTH), number(row * HEIGHT + BASELINE), length, html.escape(text, quote=False)))
    return "".join(elements)


def rows_of(frame, columns, palette):
    """Returns the drawn rows of a frame that are not empty, by their numbers."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(width=columns, file=nowhere, force_terminal=True, color_system="truecolor")
        rows = {}
        for row, line in enumerate(frame.screen.rstrip("\n").split("\n")):
            segments = console.render_lines(Text.from_ansi(line, no_wrap=True, end=""), pad=False)
            drawn = draw_row(segments[0], row, palette) if segments else ""
            if drawn:
                rows[row] = drawn
    return rows


def keyframes(name, steps):
    """Returns the CSS of an animation that jumps: `steps` are pairs of a share of the whole time and a declaration."""
    return "@keyframes %s{%s}" % (name, "".join("%s%%{%s}" % (number(share * 100), declaration) for share, declaration in steps))


def visible_in(frames, starts):
    """Returns the steps of what is visible in these frames (a sorted list of numbers)."""
    steps = [(0, "visibility:" + ("visible" if frames[0] == 0 else "hidden"))]
    for at in range(1, len(starts) - 1):
        if (at in frames) != (at - 1 in frames):
            steps.append((starts[at], "visibility:" + ("visible" if at in frames else "hidden")))
    return steps


def rows_by_frames(frames, columns, palette):
    """Returns the drawn rows, grouped by the frames that show them: each row is drawn once, and those that come and go together are one group."""
    shown_in, groups = {}, {}
    for at, frame in enumerate(frames):
        for row, drawn in rows_of(frame, columns, palette).items():
            shown_in.setdefault((row, drawn), []).append(at)
    for (_, drawn), shown in sorted(shown_in.items()):
        groups.setdefault(tuple(shown), []).append(drawn)
    return groups


def draw_rows(frames, columns, palette, starts):
    """Returns the CSS and the elements of all rows of all frames."""
    css, body = [], []
    for shown, drawn in rows_by_frames(frames, columns, palette).items():
        if len(shown) == len(frames):
            body.append("<g>%s</g>" % "".join(drawn))
            continue
        name = "k%d" % len(body)
        hidden = "" if len(frames) - 1 in shown else ";visibility:hidden"
        css.append(keyframes(name, visible_in(shown, starts)) + ".%s{animation-name:%s%s}" % (name, name, hidden))
        body.append('<g class="m %s">%s</g>' % (name, "".join(drawn)))
    return css, body


def draw_cursor(frames, starts):
    """Returns the CSS and the element of the cursor, which jumps from place to place."""
    def place(cursor):
        column, row = cursor or (0, -2)
        return "transform:translate(%spx,%dpx)" % (number(column * WIDTH), row * HEIGHT)

    places = [place(frame.cursor) for frame in frames]
    steps = [(starts[at], where) for at, where in enumerate(places) if at == 0 or where != places[at - 1]]
    css = keyframes("cursor", steps) + ".cursor{animation-name:cursor;%s}" % places[-1]
    color = hexadecimal(THEME.foreground_color)
    return css, '<rect class="m cursor" width="%s" height="%d" fill="%s" opacity=".7"/>' % (number(WIDTH), HEIGHT, color)


def draw_window(width, height):
    """Returns the terminal's window. A border of its own sets it off from a light page and from a dark one."""
    border = '<rect x=".5" y=".5" width="%s" height="%s" rx="8" fill="%s" stroke="#6e7480" stroke-opacity=".6" style="shape-rendering:auto"/>'
    lights = ('<circle cx="%d" cy="%d" r="5" fill="%s"/>' % (18 + 17 * n, BAR // 2 + 1, color) for n, color in enumerate(("#e86068", "#deb45a", "#80be6e")))
    return border % (number(width - 1), number(height - 1), hexadecimal(THEME.background_color)) + "".join(lights)


def draw(frames, columns, rows, title):
    """Returns the SVG. A reader who wants no motion sees the last frame."""
    palette, total = Palette(), sum(frame.milliseconds for frame in frames) or 1
    starts = [sum(frame.milliseconds for frame in frames[:at]) / total for at in range(len(frames) + 1)]
    css, body = draw_rows(frames, columns, palette, starts)
    if any(frame.cursor for frame in frames):
        cursor_css, cursor = draw_cursor(frames, starts)
        css.append(cursor_css)
        body.append(cursor)
    if css:
        css.append(".m{animation-duration:%dms;animation-timing-function:step-end;animation-iteration-count:infinite}" % total)
        css.append("@media (prefers-reduced-motion:reduce){.m{animation:none}}")
    width, height = columns * WIDTH + 2 * MARGIN, rows * HEIGHT + MARGIN + BAR
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" role="img">' % (number(width), number(height), number(width)),
        "<title>%s</title>" % html.escape(title, quote=False),
        "<style>",
        "text{font:14px %s;white-space:pre}rect{shape-rendering:crispEdges}" % FONT,
        palette.css(),
        *css,
        "</style>",
        draw_window(width, height),
        '<svg x="%d" y="%d" width="%s" height="%d">' % (MARGIN, BAR, number(columns * WIDTH), rows * HEIGHT),
        *body,
        "</svg>",
        "</svg>",
    ]) + "\n"
