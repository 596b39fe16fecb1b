// Uses a page as a reader would, and tells the document around it what happened.
addEventListener("load", () => setTimeout(() => {
  // Plots that are far from being seen are made when they are printed.
  dispatchEvent(new Event("beforeprint"));
  dispatchEvent(new Event("afterprint"));
  const charts = [...document.querySelectorAll(".chart")];
  const ink = canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;
    for (let place = 3; place < pixels.length; place += 4) count += pixels[place] > 0 ? 1 : 0;
    return count;
  };
  const drawn = () => charts.map(chart => Number(chart.dataset.drawn || 0));
  const result = {
    ready: document.documentElement.dataset.ready === "true",
    width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    loaded: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
    flags: document.querySelectorAll(".plane .flag").length,
    findings: document.querySelectorAll(".finding").length,
    ink: charts.map(chart => ink(chart.querySelector("canvas"))),
    drawn: drawn(),
  };
  const canvas = document.querySelector(".hero canvas");
  if (canvas) {
    canvas.setPointerCapture = () => {};
    const { left, width, top } = canvas.getBoundingClientRect();
    const point = (type, share) => canvas.dispatchEvent(new PointerEvent(type, {
      clientX: left + share * width, clientY: top + 120, button: 0, pointerId: 1, pointerType: "mouse",
    }));
    const hero = canvas.closest(".chart");
    const press = key => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
    point("pointermove", 0.5);
    result.tip = hero.querySelector(".tip").hidden ? "" : hero.querySelector(".tip").textContent;
    result.cursors = document.querySelectorAll(".run:first-of-type .cursor:not([hidden])").length;
    point("pointerdown", 0.4);
    point("pointermove", 0.5);
    point("pointerup", 0.6);
    result.zoomed = drawn();
    result.canReset = !hero.querySelector(".reset").hidden;
    canvas.dispatchEvent(new MouseEvent("dblclick"));
    result.whole = drawn();
    press("+");
    press("ArrowRight");
    result.spoken = hero.querySelector(".spoken").textContent;
    press("Escape");
    result.afterKeys = drawn();
    const scale = hero.querySelector(".scale");
    const before = canvas.toDataURL();
    scale.click();
    result.scaled = canvas.toDataURL() !== before;
    scale.click();
    const flag = hero.querySelector(".flag");
    if (flag) flag.focus();
    result.lit = document.querySelectorAll(".finding.lit").length;
  }
  const heat = document.querySelector('[data-plot="gradients"]');
  result.inside = document.querySelectorAll(".interior .chart").length;
  if (heat) {
    const { plots } = JSON.parse(document.getElementById("report-data").textContent)[0];
    const { rows, steps } = plots.find(plot => plot.kind === "heat");
    const canvas = heat.querySelector("canvas");
    canvas.setPointerCapture = () => {};
    const box = canvas.getBoundingClientRect();
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const at = (x, y) => context.getImageData(
      x * canvas.width / box.width, y * canvas.height / box.height, 1, 1).data.join(" ");
    const told = new Set();
    const colors = new Set();
    // The middle of each cell, or of each so many, is told by its own row and step.
    const [width, height] = [box.width - 8, box.height - 32];
    const left = Math.round(Math.min(210, Math.max(96, box.width * 0.22)));
    const stride = Math.ceil(rows.length * steps.length / 1500);
    let tried = 0;
    for (let row = 0; row < rows.length; row += 1) {
      for (let column = row % stride; column < steps.length; column += stride) {
        tried += 1;
        const x = left + (column + 0.5) * (width - left) / steps.length;
        const y = 6 + (row + 0.5) * height / rows.length;
        colors.add(at(x, y));
        canvas.dispatchEvent(new PointerEvent("pointermove", {
          clientX: box.left + x, clientY: box.top + y, pointerId: 1, pointerType: "mouse",
        }));
        told.add(heat.querySelector(".tip").textContent.split(":").slice(0, -1).join(":"));
      }
    }
    canvas.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
    for (const key of ["ArrowRight", "ArrowUp"]) {
      canvas.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
    }
    result.heat = {
      cells: rows.length * steps.length, drawn: Number(heat.dataset.drawn), tried, told: told.size, colors: colors.size,
      spoken: heat.querySelector(".spoken").textContent.includes(rows[Math.max(0, rows.length - 2)].label),
    };
    const ratios = document.querySelector('[data-plot="update-ratios"] canvas');
    ratios.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", cancelable: true }));
    result.named = ratios.closest(".chart").querySelector(".tip").textContent.includes("update ratio");
  }
  parent.postMessage(result, "*");
}, 300));
