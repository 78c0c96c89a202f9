// The part of the page's script that draws a DAG run: from left to right, or downwards on a phone.

enum PageGraph {
    static let text = #"""

        // The tasks in layers: each one stands after everything that it follows.
        function layers(tasks) {
          const depth = new Map(tasks.map(task => [task.id, 0]));
          for (let changed = true, rounds = 0; changed && rounds <= tasks.length; rounds++) {
            changed = false;
            for (const task of tasks) for (const child of task.downstream) {
              if (depth.has(child) && depth.get(child) <= depth.get(task.id)) {
                depth.set(child, depth.get(task.id) + 1);
                changed = true;
              }
            }
          }
          const found = [];
          for (const task of tasks) (found[depth.get(task.id)] ??= []).push(task);
          return found.filter(Boolean);
        }

        // Edges that say more than the others do: not those that a longer way implies.
        function edges(tasks) {
          const byId = new Map(tasks.map(task => [task.id, task]));
          const reach = new Map();
          const reached = id => {
            if (reach.has(id)) return reach.get(id);
            const all = new Set();
            reach.set(id, all);
            for (const child of byId.get(id)?.downstream || []) {
              all.add(child);
              for (const further of reached(child)) all.add(further);
            }
            return all;
          };
          return tasks.flatMap(task => task.downstream
            .filter(child => byId.has(child))
            .filter(child => !task.downstream.some(other => other !== child && reached(other).has(child)))
            .map(child => [task.id, child]));
        }

        function graph(tasks, room) {
          const ns = "http://www.w3.org/2000/svg";
          const shape = (name, attributes, text) => {
            const made = document.createElementNS(ns, name);
            for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
            if (text !== undefined) made.textContent = text;
            return made;
          };
          const columns = layers(tasks), high = 46;
          const most = Math.max(...columns.map(column => column.length));
          let wide = 150, gapX = 46, gapY = 16;
          const down = columns.length * (wide + gapX) - gapX + 4 > room;
          if (down) {
            gapX = 10; gapY = 30;
            wide = Math.max(96, Math.min(170, Math.floor((room - 4 - (most - 1) * gapX) / most)));
          }
          const [across, along] = down ? [most, columns.length] : [columns.length, most];
          const size = { width: across * (wide + gapX) - gapX + 4, height: along * (high + gapY) - gapY + 4 };
          const spot = new Map();
          columns.forEach((column, layer) => column.forEach((task, index) => {
            const side = (most - column.length) / 2 + index;
            const [x, y] = down ? [side, layer] : [layer, side];
            spot.set(task.id, { x: 2 + x * (wide + gapX), y: 2 + y * (high + gapY) });
          }));
          const svg = shape("svg", { class: "graph", role: "img", ...size,
            "aria-label": tasks.map(task => task.id + ": " + (task.state || "none")).join(", ") });
          const tip = shape("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4,
            markerWidth: 7, markerHeight: 7, orient: "auto" });
          tip.append(shape("path", { d: "M0 0 8 4 0 8z" }));
          const definitions = shape("defs", {});
          definitions.append(tip);
          svg.append(definitions);
          for (const [one, other] of edges(tasks)) {
            const from = spot.get(one), to = spot.get(other);
            const [x1, y1] = down ? [from.x + wide / 2, from.y + high] : [from.x + wide, from.y + high / 2];
            const [x2, y2] = down ? [to.x + wide / 2, to.y] : [to.x, to.y + high / 2];
            const bend = (down ? gapY : gapX) / 2;
            const [c1, c2] = down ? [[x1, y1 + bend], [x2, y2 - bend]] : [[x1 + bend, y1], [x2 - bend, y2]];
            svg.append(shape("path", { class: "edge", "marker-end": "url(#tip)",
              d: `M${x1} ${y1} C${c1} ${c2} ${x2} ${y2}` }));
          }
          const fits = Math.floor((wide - 14) / 6.7);
          const cut = text => text.length > fits ? text.slice(0, fits - 1) + "…" : text;
          for (const task of tasks) {
            const at = spot.get(task.id), state = task.state || "none";
            const words = state + (task.tries > 1 ? " · try " + task.tries : "");
            const group = shape("g", { class: state, transform: `translate(${at.x} ${at.y})`, "data-task": task.id });
            group.append(shape("title", {}, task.id + ": " + words),
              shape("rect", { width: wide, height: high, rx: 7 }),
              shape("text", { x: 10, y: 19 }, cut(task.id)),
              shape("text", { x: 10, y: 36, class: "state" }, cut(words)));
            svg.append(group);
          }
          return svg;
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
          $("run").replaceChildren(element("p", { class: "soft id" }, run.id),
            element("div", { class: "scroll" }, graph(run.tasks, $("run").clientWidth)));
        }

        """#
}
