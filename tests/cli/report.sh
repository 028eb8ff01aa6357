#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The report is one whole page: well-formed, with every run, flag and command, needing nothing from
# elsewhere, and proof against names that look like HTML.
. "$(dirname "$0")/../lib.sh"

name='<script>"&'"'"
expect 3 "$fmbench" report -o "$tmp/none.html"
expect_run "$fmbench" run quicksort --repeat 3 -o memory=4M --backend none --experiment "$name"
expect_run "$fmbench" run null --backend none
expect 1 "$fmbench" run --backend none -- sh -c 'exit 9'
expect 0 "$fmbench" report -o "$tmp/all.html"
expect 0 "$fmbench" report --experiment "$name" -o "$tmp/one.html"

cat >"$tmp/read.py" <<'PYTHON'
import html.parser, re, sys
class Page(html.parser.HTMLParser):
    void = {"meta", "br", "hr", "img", "link", "input"}
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.refs, self.tags, self.text = [], [], [], [], []
    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for key, value in attrs:
            assert not key.startswith("on"), (tag, key)
            if key == "id":
                self.ids.append(value)
            if key in ("href", "src", "xlink:href"):
                self.refs.append(value)
        if tag not in self.void:
            self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()
    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:], self.getpos())
        self.open.pop()
    def handle_data(self, data):
        self.text.append(data)
raw = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(raw)
page.close()
assert not page.open, page.open
assert len(page.ids) == len(set(page.ids)), "ids that are not unique"
assert "script" not in page.tags and "link" not in page.tags and "img" not in page.tags
for ref in page.refs:
    assert ref.startswith("#") and ref[1:] in page.ids, ref
assert not re.search(r"url\((?!#)|@import", raw)
assert page.tags.count("svg") == int(sys.argv[2]), page.tags.count("svg")
assert "Produced by" not in raw
text = " ".join(page.text)
for want in sys.argv[3:]:
    assert want in text, want
PYTHON
# Figures of all runs, and of the one that stands for quicksort.
flags=$(sql "SELECT DISTINCT code FROM flag")
figures=$(grep -c '<figure>' "$tmp/all.html")
[[ $figures -ge 3 ]] || fail "$figures figures"
# shellcheck disable=SC2086 # one argument a flag
python3 "$tmp/read.py" "$tmp/all.html" "$figures" $flags "--experiment '<script>" \
	'fmbench run null --backend none' "$(uname -r)" "$(sql 'SELECT version FROM run LIMIT 1')" \
	"$(sql 'SELECT reason FROM run WHERE id = 5')" ||
	fail "the page is not whole"
python3 "$tmp/read.py" "$tmp/one.html" 3 "$name" || fail "the experiment's page"
grep -q 'run null' "$tmp/one.html" && fail "a run of no experiment is in the experiment's report"
[[ $(grep -c '<th scope="row">[1-5]</th>' "$tmp/all.html") -eq 5 ]] || fail "not all runs are there"

# A median is the one that another program finds.
python3 - "$tmp/one.html" "$FMBENCH_DB" <<'PYTHON' || fail "the table's median is not that of the runs"
import re, sqlite3, statistics, sys
row = re.search(r'<th scope="row">none</th><td class="num">1</td><td class="num">3</td>(.*?)</tr>',
                open(sys.argv[1], encoding="utf-8").read(), re.S)
slowdown, elapsed = [float(v) for v in re.findall(r'<td class="num">([\d.]+)', row[1])[:2]]
values = [v for v, in sqlite3.connect(sys.argv[2]).execute(
    "SELECT value FROM result JOIN run_job r ON id = run AND r.job = result.job "
    "WHERE name = 'elapsed' AND workload = 'quicksort'")]
median = statistics.median(values)
assert "(75 %)" in row[1], "an interval of 3 runs does not say what it covers"
assert "V1_LIMIT" in row[1] or not any(sqlite3.connect(sys.argv[2]).execute(
    "SELECT 1 FROM flag JOIN run ON id = run WHERE experiment IS NOT NULL AND code = 'V1_LIMIT'"))
assert slowdown == 1 and len(values) == 3 and abs(elapsed - median) < 0.01 * median, (elapsed, values)
PYTHON

# Without gnuplot there are no figures, and page and command say why.
mkdir "$tmp/bin"
expect 0 env PATH="$tmp/bin" "$fmbench" report -o "$tmp/bare.html"
grep -q 'need gnuplot' "$tmp/err" || fail "no warning"
python3 "$tmp/read.py" "$tmp/bare.html" 0 'need gnuplot' || fail "the page without figures"

expect 1 "$fmbench" report -o "$tmp/no/such/directory.html"
expect 3 "$fmbench" report --experiment unknown -o "$tmp/unknown.html"
[[ ! -e $tmp/unknown.html ]] || fail "an empty report was written"
