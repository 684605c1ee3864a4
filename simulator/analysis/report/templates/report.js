(function () {
  "use strict";
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const config = { displayModeBar: false, displaylogo: false, responsive: true, scrollZoom: false, doubleClick: false };
  const drawn = [];
  const wide = document.documentElement.clientWidth > 600;
  for (const chart of report.charts) {
    if (!wide && chart.layout.font) chart.layout.font.size = Math.min(chart.layout.font.size, 11);
    Plotly.newPlot(chart.id, chart.data, chart.layout, config);
    drawn.push(chart.id);
  }

  // The map: lines of a few widths, each width a trace, filled anew when time or view change.
  const WIDTHS = [1, 2, 3.2, 4.8, 6.8, 9.2, 12];
  const KINDS = [["#5a5a5a", "solid"], ["#0072b2", "2px,3px"], ["#d55e00", "solid"]];
  const map = report.map;
  // As `simulator.numbers.people`: whole, of three figures from a thousand up, ties away from zero.
  const words = (n) => {
    const size = Number(Math.abs(n).toPrecision(12));
    return (size >= 1000 ? Number(size.toPrecision(3)) : Math.round(size)).toLocaleString("en");
  };

  function scaleOf(view, whole) {
    const rows = whole ? [view.people[0]] : view.people.slice(1);
    let most = 1;
    for (const row of rows) for (const n of row) most = Math.max(most, Math.abs(n));
    return most;
  }
  // Runs share one scale, so that widths can be compared; differences have their own.
  const scales = [true, false].map((whole) => {
    const shared = Math.max(1, ...map ? map.views.filter((v) => !v.difference).map((v) => scaleOf(v, whole)) : []);
    return map ? map.views.map((v) => v.difference ? scaleOf(v, whole) : shared) : [];
  });

  function lines(viewNumber, period) {
    const view = map.views[viewNumber], people = view.people[period], most = scales[period === 0 ? 0 : 1][viewNumber];
    const x = [], y = [], hover = { x: [], y: [], text: [] };
    for (let i = 0; i < KINDS.length * WIDTHS.length; i++) { x.push([]); y.push([]); }
    people.forEach((n, leg) => {
      if (Math.abs(n) < 0.0005 * most || n === 0) return;
      const share = Math.sqrt(Math.abs(n) / most);
      const width = Math.min(WIDTHS.length - 1, Math.floor(share * WIDTHS.length));
      const kind = view.difference ? (n < 0 ? 1 : 2) : 0;
      const at = kind * WIDTHS.length + width, curve = map.legs[leg];
      x[at].push(...curve.x, null);
      y[at].push(...curve.y, null);
      hover.x.push(curve.x[5]);
      hover.y.push(curve.y[5]);
      hover.text.push(curve.name + ": " + count(view, period, leg) + (view.difference ? "" : " people"));
    });
    return { x, y, hover, most };
  }

  // People of a leg with the interval, where there is one: flows are never fewer than none.
  function count(view, period, leg) {
    const n = view.people[period][leg];
    const more = view.difference ? (n < 0 ? " fewer" : " more") : "";
    if (!view.give) return words(n) + more;
    const give = view.give[period][leg], one = Math.abs(n) - give, other = Math.abs(n) + give;
    if (one >= 0) return words(n) + more + " (" + words(one) + " to " + words(other) + ")";
    const turned = view.difference ? words(one) + (n < 0 ? " more" : " fewer") : "0";
    return words(n) + more + " (" + turned + " to " + words(other) + more + ")";
  }

  function say(viewNumber, period, most) {
    const view = map.views[viewNumber], people = view.people[period];
    const order = people.map((n, leg) => [n, leg]).filter((p) => p[0] !== 0).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
    const top = order.slice(0, 3).map(([n, leg]) => map.legs[leg].name + " " + count(view, period, leg)).join("; ");
    const when = map.periods[period];
    document.getElementById("when").textContent = when;
    document.getElementById("map-words").textContent = (when === map.periods[0] ? "Whole period" : when) + ", " +
      view.label + ". " + (top ? "Most: " + top + ". Widest line: " + words(most) + "." : "Nobody, or no difference.") +
      (view.difference ? " Blue and dashed: fewer; orange: more." : "") +
      (map.over && view.give ? " Mean of " + map.over + "; in brackets: 95% interval." : "");
  }

  // Places whose names have room, the busiest first.
  function namedPlaces(width, height) {
    const spanX = map.range[1][0] - map.range[0][0], spanY = map.range[1][1] - map.range[0][1];
    const scale = Math.min(width / spanX, height / spanY), most = wide ? 16 : 8, boxes = [], found = [];
    map.places.name.forEach((name, i) => {
      const x = (map.places.x[i] - map.range[0][0]) * scale, y = (map.places.y[i] - map.range[0][1]) * scale;
      const half = 3.4 * name.length + 3, box = [x - half, y - 4, x + half, y + 18];
      if (found.length < most && boxes.every((b) => box[0] > b[2] || box[2] < b[0] || box[1] > b[3] || box[3] < b[1])) {
        boxes.push(box);
        found.push(i);
      }
    });
    return found;
  }

  if (map) {
    const traces = [{ x: map.land.x, y: map.land.y, mode: "lines", fill: "toself", fillcolor: "#faf8f4",
      line: { color: "#c9c4ba", width: 0.6 }, hoverinfo: "skip" }];
    for (const [colour, dash] of KINDS) for (const width of WIDTHS)
      traces.push({ x: [], y: [], mode: "lines", line: { color: colour, width: width, dash: dash }, opacity: 0.85, hoverinfo: "skip" });
    const hoverAt = traces.length;
    traces.push({ x: [], y: [], text: [], mode: "markers", marker: { size: 14, opacity: 0 }, hovertemplate: "%{text}<extra></extra>" });
    const element = document.getElementById("plot-map");
    if (!wide) element.style.height = "300px";
    const named = namedPlaces(element.clientWidth, element.clientHeight);
    traces.push({ x: named.map((i) => map.places.x[i]), y: named.map((i) => map.places.y[i]), text: named.map((i) => map.places.name[i]), mode: "markers+text", textposition: "top center",
      textfont: { size: 11, color: "#1a1a1a" }, marker: { size: 5, color: "#fff", line: { color: "#1a1a1a", width: 1 } }, hoverinfo: "skip" });
    const hidden = { visible: false, fixedrange: false };
    const layout = { margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: "closest", dragmode: "pan",
      paper_bgcolor: "#e9eef2", plot_bgcolor: "#e9eef2", font: { family: "system-ui, sans-serif" },
      xaxis: { ...hidden, range: [map.range[0][0], map.range[1][0]], scaleanchor: "y", constrain: "range" },
      yaxis: { ...hidden, range: [map.range[0][1], map.range[1][1]] } };
    const slider = document.getElementById("time"), play = document.getElementById("play");
    const chosen = () => Number(document.querySelector("#map-controls input[name=view]:checked, #map-controls select").value);
    const indices = Array.from({ length: KINDS.length * WIDTHS.length }, (_, i) => i + 1);
    const show = () => {
      const found = lines(chosen(), Number(slider.value));
      Plotly.restyle(element, { x: found.x, y: found.y }, indices);
      Plotly.restyle(element, { x: [found.hover.x], y: [found.hover.y], text: [found.hover.text] }, [hoverAt]);
      slider.setAttribute("aria-valuetext", map.periods[Number(slider.value)]);
      say(chosen(), Number(slider.value), found.most);
    };
    Plotly.newPlot(element, traces, layout, config).then(show);
    drawn.push("plot-map");
    document.getElementById("map-controls").addEventListener("input", show);
    document.getElementById("map-controls").addEventListener("submit", (event) => event.preventDefault());
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      play.textContent = "Stop";
      if (Number(slider.value) >= Number(slider.max)) slider.value = "0";
      timer = setInterval(() => {
        if (Number(slider.value) >= Number(slider.max)) { stop(); return; }
        slider.value = String(Number(slider.value) + 1);
        show();
      }, 700);
    });
  }

  // Tables that can be sorted by a column: up, then down.
  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead button").forEach((button, column) => {
      button.addEventListener("click", () => {
        const head = button.closest("th");
        const up = head.getAttribute("aria-sort") !== "ascending";
        table.querySelectorAll("th").forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => {
          const cell = row.cells[column];
          return cell.dataset.v === undefined ? (cell.classList.contains("n") ? null : cell.textContent) : Number(cell.dataset.v);
        };
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [key(row), row]);
        rows.sort(([a], [b]) => {
          if (a === null || b === null) return (a === null) - (b === null);
          const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
          return up ? order : -order;
        });
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Paper is narrower than most screens.
  window.addEventListener("beforeprint", () => {
    for (const id of drawn) {
      const element = document.getElementById(id);
      Plotly.relayout(element, { width: Math.min(element.clientWidth, 640), autosize: false });
    }
  });
  window.addEventListener("afterprint", () => {
    for (const id of drawn) Plotly.relayout(document.getElementById(id), { width: null, autosize: true });
  });
})();
