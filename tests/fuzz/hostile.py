"""Hostile: what stands in a file that nobody wrote well: values, names and words that readers have stumbled over."""

GIANT = "1" + "0" * 400
DEEP = 20_000

# As JSON has them, and as it has not.
JSON = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", GIANT, f"-{GIANT}", "9" * 5000, "1e308", "-1e308", "5e-324"),
    *(
        "true",
        "false",
        "null",
        "0",
        "-1",
        "1",
        "2",
        "0.5",
        "1.5",
        "-0.0",
        "9223372036854775808",
        "18446744073709551616",
    ),
    *('""', '"x"', '"0.1"', '"\\ud800"', '"\\udfff text"', '"\\u0000"', '"\\u001b[31m"', '"\\u202egpj.exe"', '"\\n"'),
    *('"<script>window.__pwned=1</script>"', "\"=cmd|' /C calc'!A0\"", '"../../../etc/passwd"', f'"{"x" * 5000}"'),
    *('"0001-01-01T00:00:00+14:00"', '"evil.py:Net"', '"folder:/"', '"npz:/dev/zero"', '"/dev/zero"'),
    *("[]", "{}", "[[]]", "[null]", "[1, 2]", '{"value": 1}', '[["a", 1]]'),
    *("[" * 40 + "]" * 40, "[" * 2000 + "]" * 2000, "[" * DEEP + "]" * DEEP, '{"a":' * 500 + "1" + "}" * 500),
)
TOML = (
    *("nan", "inf", "-inf", "1e999", GIANT, "-1", "0", "true", "1.5", "''", "'x'", "'5 %'", "'1e999 %'", "'nan %'"),
    *("0x" + "f" * 5000, "9" * 5000, "1979-05-27", "07:32:00", "[]", "{}", "[[]]", "[1, 'a']", "'''\n'''"),
    *('"\\u0000"', '"\\u001b[31m"', '"\\u202e"', f'"{"x" * 100_000}"', "'<script>'", "'evil.py:Net'", "'../x.toml'"),
    *("[" * 40 + "]" * 40, "[" * 3000 + "]" * 3000, "{a=" * 400 + "1" + "}" * 400, "'9999999999999999999s'"),
)
CSV = ("nan", "inf", "-1", "0", "", "1e999", GIANT, "1_000", "true", '"', '""', "\x00", "a,b", "é", "x" * 5000, "=1+1")
# What a person may type as a name, and what someone who means harm may.
WORDS = (
    *(
        "",
        " ",
        ".",
        "..",
        "/",
        "~",
        "~nobody/x",
        "-",
        "--",
        "--help",
        "-x",
        "*",
        "?",
        "[",
        "[!",
        "[z-a]",
        "[]]",
        "**/*",
    ),
    *("x" * 300, "x" * 5000, "\udcff", "\x1b[31m", "\u202e", "é", "a\nb", "a\tb", "=1+1", "<script>", "$(id)", "`id`"),
    *("seed", "results/seed", "./results/seed", "main", "mlp", "mlp*", "lenet5-sgd-mnist-b64-cpu-t2", "HEAD", "HEAD~1"),
    *("../../x", "/dev/zero", "/dev/null", "/proc/self/mem", "results", "pipe", "loop", "none.json", "true", "nan"),
    *("NaN", "inf", "-1", "0", "1e999", GIANT, "5 %", "200%", "1e400s", "0s", "9" * 30 + "h", "1x1x1", "0x0x0"),
    *(
        "synthetic:3x8x8:10",
        f"synthetic:{'9' * 400}x1x1",
        "folder:",
        "npz:",
        "folder:/dev/zero",
        "npz:pipe",
        "python:Net#0",
    ),
    *(
        "evil.py:Net",
        "evil.py:Net(width=1)",
        "evil.py:Net(__import__('os').system('x'))",
        "os:system('x')",
        "x.py:",
        ":x",
    ),
    *(
        "m:N({[]: 1})",
        f"m:N(0x{'f' * 5000})",
        f"m:N({'(' * 300}{')' * 300})",
        f"m:N({'-' * 3000}1)",
        "m:N('\\d')",
        "m:N(1 is 1)",
    ),
    *(
        "m:N(*a)",
        "m:N(**a)",
        "m:N(a=1, a=2)",
        "m:N(1)(2)",
        "m:N(\x00)",
        "m:N(1e999)",
        "m.n.:x",
        "timm:resnet18",
        "a:b:c",
    ),
)
BYTES = (
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xff" * 8, b"\r\n", b"\n\n", b"{", b"}", b"[", b'"', b"\\ud800"),
    *(b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1b[2J", b"\x1f\x8b\x08", b"PK\x03\x04", b"\x80\x04c", b"NaN", b"1e999"),
)
