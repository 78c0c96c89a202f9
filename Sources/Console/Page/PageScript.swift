// The page's script: it listens to the events and draws what they say. No library.

enum PageScript {
    static let text = #"""
        "use strict";
        const $ = id => document.getElementById(id);
        const number = n => (n ?? 0).toLocaleString("en-US");
        const element = (name, attributes = {}, ...children) => {
          const made = document.createElement(name);
          for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
          made.append(...children.filter(child => child !== null && child !== undefined));
          return made;
        };
        const duration = us => us == null ? "–" : us < 10000 ? (us / 1000).toFixed(1) + " ms"
          : us < 1e6 ? Math.round(us / 1000) + " ms" : (us / 1e6).toFixed(1) + " s";
        // Where a stage is, as short as it is still told apart; its whole URL is the tooltip.
        const place = url => !url ? "" : /^embedded:/.test(url) ? "in this process"
          : /^(sqlite|file):/.test(url) ? url.replace(/^(sqlite|file):/, "").split("/").pop()
          : url.replace(/^[a-z+]+:\/\//, "").replace(/^[^@\/]*@/, "").replace(/[?].*$/, "");

        let last = null;
        // Counts of the last seconds: [moment, {stage: count}], the oldest first.
        const windowMs = 2000;
        let history = [];
        const remember = state => {
          const now = performance.now();
          history.push([now, Object.fromEntries(state.stages.map(stage => [stage.id, stage.count]))]);
          while (history.length > 1 && history[1][0] <= now - windowMs) history.shift();
        };
        const rate = id => {
          const start = performance.now() - windowMs;
          let base = history[0];
          for (const entry of history) if (entry[0] <= start) base = entry;
          const newest = history[history.length - 1];
          if (!base || base === newest) return 0;
          return Math.max(0, Math.round((newest[1][id] - base[1][id]) * 1000 / Math.min(windowMs, performance.now() - base[0])));
        };

        function drawFlow(state) {
          const parts = [];
          state.stages.forEach((stage, index) => {
            if (index > 0) parts.push(element("div", { class: "arrow", "aria-hidden": "true" }, "→"));
            const perSecond = rate(stage.id);
            parts.push(element("div", { class: "stage" + (perSecond ? " busy" : ""), id: "stage-" + stage.id },
              element("b", {}, stage.title),
              element("div", { class: "number" }, number(stage.count)),
              element("div", { class: "small rate" }, number(perSecond) + " / s"),
              stage.p50 == null ? null : element("div", { class: "small" },
                element("span", { class: "pair" }, "p50 " + duration(stage.p50)), " ",
                element("span", { class: "pair" }, "p99 " + duration(stage.p99))),
              stage.lag == null ? null : element("div", { class: "small behind" + (stage.lag ? " lag" : "") },
                number(stage.lag) + " " + stage.lagOf),
              element("div", { class: "small where", title: stage.address }, place(stage.address))));
          });
          $("flow").replaceChildren(...parts);
          const letters = count => number(count) + (count === 1 ? " dead letter" : " dead letters");
          const rejected = Object.entries(state.rejected || {}).sort((a, b) => b[1] - a[1]);
          const others = rejected.slice(5).reduce((sum, entry) => sum + entry[1], 0);
          $("exceptions").textContent = [
            state.resent ? number(state.resent) + " sent again" : "",
            state.skipped ? number(state.skipped) + " skipped, landed before" : "",
            ...rejected.slice(0, 5).map(([reason, count]) => letters(count) + ": " + reason),
            others ? letters(others) + " for other reasons" : ""
          ].filter(Boolean).join(" · ") || "nothing was sent again, skipped or rejected";
        }

        function drawTable(id, heads, rows, empty) {
          if (!rows.length) return $(id).replaceChildren(element("p", { class: "empty" }, empty));
          const numeric = heads.map(head => head.startsWith("#"));
          const names = heads.map(head => head.replace("#", ""));
          const table = element("table", {},
            element("thead", {}, element("tr", {}, ...names.map((name, i) =>
              element("th", numeric[i] ? { class: "n" } : {}, name)))),
            element("tbody", {}, ...rows.map(row => element("tr", {}, ...row.map((cell, i) =>
              element("td", { "data-name": names[i], ...(numeric[i] ? { class: "n" } : {}) }, cell))))));
          $(id).replaceChildren(element("div", { class: "scroll" }, table));
        }

        function draw(state) {
          drawFlow(state);
          drawRun(state.run);
          drawTable("people", ["name", "gender", "e-mail", "nationality", "in the store"],
            (state.people || []).map(person => [person.name, person.gender, person.email, person.nationality,
              element("span", { class: "badge " + (person.stored ? "stored" : "queued") },
                person.stored ? "stored" : "not yet")]),
            "Nobody yet.");
          drawTable("topics", ["topic", "#partitions", "#records", "#lag"],
            (state.topics || []).map(topic => [topic.name, number(topic.partitions), number(topic.records),
              topic.lag == null ? "–" : number(topic.lag)]), "No topics yet.");
          drawTable("queries", ["query", "state", "#batch", "#rows", "doing"],
            (state.queries || []).map(query => [query.name,
              element("span", { class: "badge " + query.state }, query.state),
              number(Math.max(0, query.batch)), number(query.rows), query.message]), "No streaming queries.");
        }

        """#

    static let start = #"""

        const say = (state, words) => {
          $("link").dataset.state = state;
          $("link").textContent = words;
          // What is shown is old once nobody tells how it goes on.
          $("main").classList.toggle("old", state === "lost");
        };
        const events = new EventSource("/events");
        events.addEventListener("state", event => {
          say("live", "live");
          last = JSON.parse(event.data);
          remember(last);
          draw(last);
        });
        events.onerror = () => say("lost", "connection lost, trying again");
        // Events come only when something changes; rates fall to nothing without one.
        setInterval(() => { if (last) drawFlow(last); }, 1000);
        let width = innerWidth;
        addEventListener("resize", () => {
          if (last && innerWidth !== width) drawRun(last.run);
          width = innerWidth;
        });
        """#
}
