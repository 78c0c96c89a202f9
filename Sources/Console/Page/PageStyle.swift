// The page's style: one sheet for dark and light, phone and desk.

enum PageStyle {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5d6878; --line: #d9dee6;
          --accent: #1769c2; --success: #1a7f45; --running: #1769c2; --failed: #c22f2f;
          --waiting: #8a6a00; --skipped: #8a5f9e; --idle: #7a8594;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #12161c; --card: #1b212a; --ink: #e6eaf0; --soft: #9aa5b4; --line: #303946;
            --accent: #6db3ff; --success: #5fd08a; --running: #6db3ff; --failed: #ff7d7d;
            --waiting: #e0bd55; --skipped: #c79be0; --idle: #93a0b0;
          }
        }
        * { box-sizing: border-box; margin: 0; }
        body { background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        header { display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap;
          padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--card); }
        h1 { font-size: 1.15rem; letter-spacing: .01em; }
        h2 { font-size: .95rem; margin-bottom: .6rem; }
        main { max-width: 1200px; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.25rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
          padding: 1rem 1.1rem; min-width: 0; }
        .soft { color: var(--soft); font-size: .85rem; }
        .badge { display: inline-block; border: 1px solid currentColor; border-radius: 99px;
          padding: 0 .6em; font-size: .8rem; }
        .success, .stored { color: var(--success); } .running, .restarting { color: var(--running); }
        .failed, .upstream_failed { color: var(--failed); } .skipped, .removed { color: var(--skipped); }
        .queued, .scheduled, .up_for_retry, .retrying, .starting { color: var(--waiting); }
        .none, .stopped { color: var(--idle); }
        .flow { display: flex; gap: .35rem; align-items: stretch; }
        .stage { flex: 1 1 0; min-width: 0; border: 1px solid var(--line); border-radius: 8px;
          padding: .7rem .8rem; }
        .stage b { display: block; font-size: .8rem; color: var(--soft); font-weight: 600; }
        .stage .number { font-size: 1.5rem; font-variant-numeric: tabular-nums; line-height: 1.2; }
        .stage .small { font-size: .8rem; color: var(--soft); overflow-wrap: anywhere;
          font-variant-numeric: tabular-nums; }
        .arrow { align-self: center; flex: 0 0 auto; color: var(--soft); }
        .lag { color: var(--waiting); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
          white-space: nowrap; }
        th { font-size: .8rem; color: var(--soft); font-weight: 600; }
        td.n, th.n { text-align: right; }
        svg.graph { display: block; max-width: none; }
        svg.graph text { font-size: 12px; fill: var(--ink); }
        svg.graph .state { font-size: 11px; fill: currentColor; }
        svg.graph rect { fill: var(--card); stroke: currentColor; stroke-width: 1.6; }
        svg.graph path { fill: none; stroke: var(--soft); stroke-width: 1.2; }
        svg.graph marker path { fill: var(--soft); stroke: none; }
        .two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem; }
        .empty { color: var(--soft); padding: .4rem 0; }
        #link[data-state="lost"] { color: var(--failed); }
        @media (max-width: 760px) {
          main { padding: .75rem; gap: .75rem; }
          .flow { flex-direction: column; } .arrow { transform: rotate(90deg); }
          .stage { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem; }
          .stage .number { grid-row: 1 / 3; grid-column: 2; align-self: center; }
          .stage .small { grid-column: 1 / 3; }
          .two { grid-template-columns: 1fr; gap: .75rem; }
        }
        @media (prefers-reduced-motion: no-preference) {
          .busy { animation: busy 1.2s ease-in-out infinite alternate; }
          @keyframes busy { from { border-color: var(--line); } to { border-color: var(--accent); } }
        }
        """
}
