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

        let last = null;
        const rate = (state, id, count) => {
          const before = last && last.stages.find(stage => stage.id === id);
          if (!before || state.time <= last.time) return 0;
          return Math.max(0, Math.round((count - before.count) * 1000 / (state.time - last.time)));
        };

        function drawFlow(state) {
          const parts = [];
          state.stages.forEach((stage, index) => {
            if (index > 0) parts.push(element("div", { class: "arrow", "aria-hidden": "true" }, "→"));
            const perSecond = rate(state, stage.id, stage.count);
            parts.push(element("div", { class: "stage" + (perSecond ? " busy" : ""), id: "stage-" + stage.id },
              element("b", {}, stage.title),
              element("div", { class: "number" }, number(stage.count)),
              element("div", { class: "small" }, number(perSecond) + "/s" +
                (stage.p50 == null ? "" : " · p50 " + duration(stage.p50) + " · p99 " + duration(stage.p99))),
              element("div", { class: "small" }, stage.address),
              stage.lag == null ? null : element("div", { class: "small" + (stage.lag ? " lag" : "") },
                number(stage.lag) + " " + stage.lagOf)));
          });
          $("flow").replaceChildren(...parts);
          const rejected = Object.entries(state.rejected || {});
          $("exceptions").textContent = [
            state.resent ? number(state.resent) + " sent again" : "",
            state.skipped ? number(state.skipped) + " skipped, landed before" : "",
            ...rejected.map(([reason, count]) => number(count) + " dead letters: " + reason)
          ].filter(Boolean).join(" · ") || "nothing was sent again, skipped or rejected";
        }

        function layers(tasks) {
          const byId = new Map(tasks.map(task => [task.id, task]));
          const depth = new Map();
          const visit = (id, level, seen) => {
            if (seen.has(id) || (depth.get(id) ?? -1) >= level) return;
            depth.set(id, level);
            const next = new Set(seen).add(id);
            for (const child of byId.get(id)?.downstream || []) visit(child, level + 1, next);
          };
          const children = new Set(tasks.flatMap(task => task.downstream));
          tasks.filter(task => !children.has(task.id)).forEach(task => visit(task.id, 0, new Set()));
          const columns = [];
          for (const task of tasks) (columns[depth.get(task.id) ?? 0] ??= []).push(task);
          return columns;
        }

        function drawRun(run) {
          if (!run) {
            $("run").replaceChildren(element("p", { class: "empty" },
              "No run yet. Start one: millrace dags trigger user_automation --wait"));
            $("run-title").textContent = "Latest run";
            return;
          }
          $("run-title").replaceChildren("Latest run of " + run.dag + " ",
            element("span", { class: "badge " + run.state }, run.state));
          const ns = "http://www.w3.org/2000/svg";
          const shape = (name, attributes, text) => {
            const made = document.createElementNS(ns, name);
            for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
            if (text !== undefined) made.textContent = text;
            return made;
          };
          const wide = 150, high = 44, gapX = 46, gapY = 16;
          const columns = layers(run.tasks);
          const rows = Math.max(...columns.map(column => column.length));
          const svg = shape("svg", { class: "graph", role: "img",
            "aria-label": run.tasks.map(task => task.id + ": " + (task.state || "none")).join(", "),
            width: columns.length * (wide + gapX) - gapX + 4, height: rows * (high + gapY) - gapY + 4 });
          const marker = shape("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4,
            markerWidth: 7, markerHeight: 7, orient: "auto" });
          marker.append(shape("path", { d: "M0 0 8 4 0 8z" }));
          const definitions = shape("defs", {});
          definitions.append(marker);
          svg.append(definitions);
          const place = new Map();
          columns.forEach((column, x) => column.forEach((task, y) => place.set(task.id, {
            x: 2 + x * (wide + gapX),
            y: 2 + (rows - column.length) * (high + gapY) / 2 + y * (high + gapY) })));
          for (const task of run.tasks) for (const child of task.downstream) {
            const from = place.get(task.id), to = place.get(child);
            if (!from || !to) continue;
            const x1 = from.x + wide, y1 = from.y + high / 2, x2 = to.x, y2 = to.y + high / 2, half = (x2 - x1) / 2;
            if (x2 - x1 > gapX + 1) {
              const low = 2 + rows * (high + gapY) - gapY;
              svg.append(shape("path", { "marker-end": "url(#tip)", opacity: .45,
                d: `M${from.x + wide / 2} ${from.y} C${from.x + wide / 2} ${from.y - 14} ${x2 - 20} ${y2 - 60} ${x2} ${y2 - 8}` }));
              continue;
            }
            svg.append(shape("path", { "marker-end": "url(#tip)",
              d: `M${x1} ${y1} C${x1 + half} ${y1} ${x2 - half} ${y2} ${x2} ${y2}` }));
          }
          for (const task of run.tasks) {
            const at = place.get(task.id), state = task.state || "none";
            const group = shape("g", { class: state, transform: `translate(${at.x} ${at.y})`, "data-task": task.id });
            group.append(shape("rect", { width: wide, height: high, rx: 7 }),
              shape("text", { x: 10, y: 18 }, task.id),
              shape("text", { x: 10, y: 34, class: "state" },
                state + (task.tries > 1 ? " · try " + task.tries : "")));
            svg.append(group);
          }
          $("run").replaceChildren(
            element("p", { class: "soft" }, run.id), element("div", { class: "scroll" }, svg));
        }

        function drawTable(id, heads, rows, empty) {
          if (!rows.length) return $(id).replaceChildren(element("p", { class: "empty" }, empty));
          const numeric = heads.map(head => head.startsWith("#"));
          const table = element("table", {},
            element("thead", {}, element("tr", {}, ...heads.map((head, i) =>
              element("th", numeric[i] ? { class: "n" } : {}, head.replace("#", ""))))),
            element("tbody", {}, ...rows.map(row => element("tr", {}, ...row.map((cell, i) =>
              element("td", numeric[i] ? { class: "n" } : {}, cell))))));
          $(id).replaceChildren(element("div", { class: "scroll" }, table));
        }

        function draw(state) {
          drawFlow(state);
          drawRun(state.run);
          drawTable("people", ["name", "gender", "e-mail", "nationality", "in the store"],
            (state.people || []).map(person => [person.name, person.gender, person.email, person.nationality,
              element("span", { class: person.stored ? "stored" : "queued" }, person.stored ? "yes" : "not yet")]),
            "Nobody yet.");
          drawTable("topics", ["topic", "#partitions", "#records", "#lag"],
            (state.topics || []).map(topic => [topic.name, number(topic.partitions), number(topic.records),
              topic.lag == null ? "–" : number(topic.lag)]), "No topics yet.");
          drawTable("queries", ["query", "state", "#batch", "#rows", "doing"],
            (state.queries || []).map(query => [query.name,
              element("span", { class: "badge " + query.state }, query.state),
              number(Math.max(0, query.batch)), number(query.rows), query.message]), "No streaming queries.");
          last = state;
        }

        const events = new EventSource("/events");
        events.addEventListener("state", event => {
          $("link").dataset.state = "live"; $("link").textContent = "live";
          draw(JSON.parse(event.data));
        });
        events.onerror = () => { $("link").dataset.state = "lost"; $("link").textContent = "connection lost, trying again"; };
        """#
}
