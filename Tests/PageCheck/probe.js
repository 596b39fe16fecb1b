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
  parent.postMessage(result, "*");
}, 300));
