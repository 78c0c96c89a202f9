// The page's style: one sheet for dark and light, phone and desk.

enum PageStyle {
    /// Every text colour stands out from `--card` by 4.5 to 1 at least (WCAG 2.2, 1.4.3).
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #f4f6f9; --card: #ffffff; --ink: #1b2330; --soft: #566172; --line: #d9dee6;
          --accent: #1769c2; --success: #17733e; --running: #1769c2; --failed: #c22f2f;
          --waiting: #806200; --skipped: #7f5694; --idle: #66707f;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #12161c; --card: #1b212a; --ink: #e6eaf0; --soft: #a3aebd; --line: #303946;
            --accent: #6db3ff; --success: #5fd08a; --running: #6db3ff; --failed: #ff8a8a;
            --waiting: #e0bd55; --skipped: #cba3e3; --idle: #9ba7b6;
          }
        }
        * { box-sizing: border-box; margin: 0; }
        body { background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        header { display: flex; gap: .4rem .75rem; align-items: baseline; flex-wrap: wrap;
          padding: .9rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--card);
          position: sticky; top: 0; z-index: 1; }
        h1 { font-size: 1.15rem; letter-spacing: .01em; }
        h2 { font-size: .95rem; margin-bottom: .6rem; }
        main { max-width: 1200px; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.25rem; }
        main.old { filter: grayscale(1); opacity: .7; }
        footer { max-width: 1200px; margin: 0 auto; padding: 0 1.25rem 1.5rem; }
        footer a { color: var(--accent); margin-right: .75rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
          padding: 1rem 1.1rem; min-width: 0; }
        .soft { color: var(--soft); font-size: .85rem; }
        .id { overflow-wrap: anywhere; margin-bottom: .6rem; }
        .badge { display: inline-block; border: 1px solid currentColor; border-radius: 99px;
          padding: 0 .6em; font-size: .8rem; font-weight: 500; white-space: nowrap; }
        #link { margin-left: auto; }
        #link::before { content: "●"; margin-right: .4em; }
        #link[data-state="live"] { color: var(--success); }
        #link[data-state="wait"] { color: var(--idle); }
        #link[data-state="lost"] { color: var(--failed); }
        .success, .stored { color: var(--success); } .running, .restarting { color: var(--running); }
        .failed, .upstream_failed { color: var(--failed); } .skipped, .removed { color: var(--skipped); }
        .queued, .scheduled, .up_for_retry, .retrying, .starting, .stopping { color: var(--waiting); }
        .none, .stopped { color: var(--idle); }
        .flow { display: flex; gap: .35rem; align-items: stretch; margin-bottom: .7rem; }
        .stage { flex: 1 1 0; min-width: 0; border: 1px solid var(--line); border-radius: 8px;
          padding: .7rem .8rem; display: flex; flex-direction: column; }
        .stage b { font-size: .8rem; color: var(--soft); font-weight: 600; }
        .stage .number { font-size: 1.6rem; font-variant-numeric: tabular-nums; line-height: 1.25; }
        .stage .small { font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums; }
        .stage .pair { white-space: nowrap; margin-right: .35em; }
        .stage .where { margin-top: auto; padding-top: .35rem; white-space: nowrap; overflow: hidden;
          text-overflow: ellipsis; }
        .stage.busy { border-color: var(--accent); } .stage.busy .rate { color: var(--accent); font-weight: 600; }
        .stage .lag { color: var(--waiting); font-weight: 600; }
        .arrow { align-self: center; flex: 0 0 auto; color: var(--soft); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
          white-space: nowrap; vertical-align: baseline; }
        tr > :last-child { padding-right: 0; } tbody tr:last-child td { border-bottom: none; }
        th { font-size: .8rem; color: var(--soft); font-weight: 600; }
        td.n, th.n { text-align: right; }
        td[data-name="doing"] { white-space: normal; }
        svg.graph { display: block; max-width: none; }
        svg.graph text { font-size: 12px; fill: var(--ink); }
        svg.graph .state { font-size: 11px; fill: currentColor; }
        svg.graph rect { fill: color-mix(in srgb, currentColor 7%, var(--card)); stroke: currentColor;
          stroke-width: 1.6; }
        svg.graph .none rect { stroke-dasharray: 4 3; }
        svg.graph path { fill: none; stroke: var(--soft); stroke-width: 1.2; }
        svg.graph marker path { fill: var(--soft); stroke: none; }
        .two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem; }
        .empty { color: var(--soft); padding: .4rem 0; }
        @media (max-width: 1000px) { .two { grid-template-columns: 1fr; } }
        @media (max-width: 860px) {
          main { padding: .75rem; gap: .75rem; } header { padding: .75rem; }
          section { padding: .85rem .9rem; } .two { gap: .75rem; }
          .flow { flex-direction: column; gap: .15rem; } .arrow { transform: rotate(90deg); line-height: 1; }
          .stage { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem; }
          .stage > * { grid-column: 1; } .stage .where { padding-top: 0; }
          .stage .number { grid-row: 1 / 3; grid-column: 2; align-self: center; }
          .stage .rate { grid-row: 3; grid-column: 2; text-align: right; }
        }
        @media (max-width: 600px) {
          :is(#people, #queries) thead { display: none; }
          :is(#people, #queries) tr { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem;
            padding: .45rem 0; border-bottom: 1px solid var(--line); }
          :is(#people, #queries) tbody tr:last-child { border-bottom: none; }
          :is(#people, #queries) td { border: none; padding: 0; white-space: normal;
            overflow-wrap: anywhere; min-width: 0; }
          td:is([data-name="name"], [data-name="query"]) { font-weight: 600; }
          td:is([data-name="in the store"], #queries [data-name="state"]) { grid-row: 1; grid-column: 2; }
          td:is([data-name="e-mail"], [data-name="doing"]) { grid-row: 2; grid-column: 1 / 3;
            color: var(--soft); font-size: .85rem; }
          td:is([data-name="gender"], [data-name="nationality"], [data-name="batch"], [data-name="rows"]) {
            display: none; }
          th, td { padding-right: .6rem; }
        }
        @media (prefers-reduced-motion: no-preference) {
          .stage.busy { animation: busy 1.2s ease-in-out infinite alternate; }
          @keyframes busy { from { border-color: var(--line); } to { border-color: var(--accent); } }
        }
        """
}
