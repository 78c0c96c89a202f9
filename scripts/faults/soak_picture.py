"""Numbers over time for a terminal: lines of a table, and a picture."""

WIDTH, HEIGHT = 72, 10


def thinned(values: list, count: int) -> list:
    """At most so many of them, evenly, the last one always."""
    if len(values) <= count:
        return values
    return [values[(len(values) - 1) * index // (count - 1)] for index in range(count)]


def row(line: dict, columns) -> str:
    """One line of a table; its head too."""
    return "".join(f"{line[name]:>10}" for name in columns)


def picture(values: list, title: str) -> str:
    """From zero to the largest, so that growth looks as large as it is."""
    top = max(values) or 1
    shown = thinned(values, WIDTH)
    heights = [max(1, round(value / top * HEIGHT)) for value in shown]
    lines = [title]
    for row in range(HEIGHT, 0, -1):
        scale = f"{top * row / HEIGHT:8.1f} |"
        lines.append(scale + "".join("#" if height >= row else " " for height in heights))
    return "\n".join([*lines, " " * 9 + "+" + "-" * len(shown)])
