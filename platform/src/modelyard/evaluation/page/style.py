"""How the page looks: one column on a telephone, two on a desk, light or dark as the reader has it, plain on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#17212b;--soft:#52606d;--paper:#fff;--card:#f6f8fa;--edge:#d5dce3;--grid:#e6eaee;
--new:#0b63b0;--old:#b4540a;--good:#12633a;--good-paper:#e2f4e9;--bad:#98231b;--bad-paper:#fce8e6;
--open:#704c00;--open-paper:#fdf2d6}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a9b5c1;--paper:#12181e;--card:#1a222a;--edge:#35414d;
--grid:#2a343e;--new:#6cb4f5;--old:#f0a35e;--good:#7fd8a3;--good-paper:#14301f;--bad:#f5a199;--bad-paper:#3a1a17;
--open:#f0cb74;--open-paper:#352a10}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--paper);
max-width:68rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
.over{color:var(--soft);margin:0}
.verdict{border-left:.4rem solid;border-radius:.4rem;padding:.8rem 1.1rem;margin:0 0 1rem}
.verdict strong{font-size:1.3rem}.verdict ul{margin:.4rem 0 0;padding-left:1.2rem;color:var(--ink)}
.candidate_wins,.not_worse,.first{color:var(--good);background:var(--good-paper)}
.production_wins,.fails_a_slice,.invalid_scores{color:var(--bad);background:var(--bad-paper)}
.not_enough_data,.not_comparable{color:var(--open);background:var(--open-paper)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:0}
.cards div{background:var(--card);border:1px solid var(--edge);border-radius:.4rem;padding:.6rem .8rem}
.cards dt{color:var(--soft);font-size:.85rem}.cards dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
figure{margin:0;max-width:40rem;min-width:0}
figure{background:var(--card);border:1px solid var(--edge);border-radius:.4rem;padding:.8rem}
figcaption{font-weight:600;margin-bottom:.3rem}figure p{color:var(--soft);font-size:.88rem;margin:.3rem 0 0}
svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:.2rem 0}
td,th{padding:.3rem .75rem;text-align:right;border-bottom:1px solid var(--edge);font-weight:400}
thead th{color:var(--soft);font-size:.88rem}
th[scope=row],thead th:first-child,td.text{text-align:left}
tr.worse,tr.worse th{color:var(--bad)}
.matrix td{text-align:center;border:1px solid var(--edge);padding:.5rem .9rem}
.matrix .hit{background:var(--good-paper)}.matrix .miss{background:var(--bad-paper)}
.matrix small{display:block;color:var(--soft)}
.key{display:inline-block;width:1.6em;border-top:3px solid;vertical-align:middle;margin:0 .3em 0 .8em}
.key.new{border-color:var(--new)}.key.old{border-color:var(--old);border-top-style:dashed}
.grid{stroke:var(--grid);stroke-width:1}.tick{fill:var(--soft);font-size:12px}.label{fill:var(--soft);font-size:13px}
.said{fill:var(--ink);font-size:12px}.band{fill:var(--edge);opacity:.6}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}.line.new{stroke:var(--new)}
.line.old{stroke:var(--old);stroke-dasharray:6 4}.line.guide{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 4}
.dot.new{fill:var(--new)}.dot.old{fill:var(--old)}.dot.faint{opacity:.35}
.bar{opacity:.75}.bar.new{fill:var(--new)}.bar.old{fill:var(--old);opacity:.55}
.rule{stroke:var(--ink);stroke-width:1.5}.rule.decision{stroke:var(--bad);stroke-dasharray:5 3;stroke-width:2}
footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}
@media print{body{max-width:none}figure,.cards div{break-inside:avoid}}
"""
