extension PageScript {
  /// What all plots have in common: a canvas over steps, with a cursor, a selection and a tip over it.
  static let plane = #"""
    const colorOf = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

    class Plane {
      constructor(board, figure) {
        [this.board, this.figure] = [board, figure];
        this.plane = figure.querySelector(".plane");
        this.canvas = figure.querySelector("canvas");
        this.context = this.canvas.getContext("2d");
        this.isHero = Boolean(figure.closest(".hero"));
        for (const name of ["cursor", "selection", "tip"]) this[name] = this.addBox(name);
        this.resetButton = figure.querySelector(".reset");
        this.resetButton.addEventListener("click", () => board.reset());
        new PointerControl(this);
      }

      addBox(name) {
        const box = document.createElement("div");
        [box.className, box.hidden] = [name, true];
        this.plane.append(box);
        return box;
      }

      /// The room for what is written beside the plot.
      margin() { return 58; }

      measure() {
        const [width, height] = [this.plane.clientWidth, this.plane.clientHeight];
        const ratio = Math.min(window.devicePixelRatio || 1, 3);
        [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
        this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
        this.area = { left: this.margin(width), right: width - 16, top: 14, bottom: height - 26 };
        this.x = step => {
          const [first, last] = this.board.view;
          return this.area.left + (step - first) / (last - first) * (this.area.right - this.area.left);
        };
        this.x.left = this.area.left;
      }

      stepAt(x) {
        const [first, last] = this.board.view;
        const share = (x - this.area.left) / (this.area.right - this.area.left);
        return first + Math.min(Math.max(share, 0), 1) * (last - first);
      }

      /// Clears the canvas for a picture; false where there is no room for one.
      begin() {
        if (!this.plane.clientWidth) return false;
        this.measure();
        this.context.clearRect(0, 0, this.plane.clientWidth, this.plane.clientHeight);
        this.context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
        return true;
      }

      /// Ends a picture of so many points.
      end(count) {
        this.resetButton.hidden = this.board.isWhole;
        this.figure.dataset.drawn = count;
        this.showCursor();
      }

      /// Writes steps below the plot.
      drawSteps(ticks) {
        const { context, area } = this;
        context.fillStyle = colorOf("soft");
        [context.textAlign, context.textBaseline] = ["center", "alphabetic"];
        for (const tick of ticks) context.fillText(stepText(tick), this.x(tick), area.bottom + 19);
        context.textAlign = "left";
        context.fillText("step", area.left - 48, area.bottom + 19);
      }

      stepTicks() {
        const [first, last] = this.board.view;
        const count = Math.max(2, Math.floor((this.area.right - this.area.left) / 90));
        return [...new Set(evenTicks(first, last, count).map(Math.round))]
          .filter(tick => tick >= first && tick <= last);
      }

      /// Tells which of several things is meant by a place in the plane.
      aim() {}

      /// Goes on to another of several things; false where there are none.
      turn() { return false; }

      /// Ends what was told of a place.
      leave() { this.tip.hidden = true; }

      showCursor() {
        const { step } = this.board;
        const isShown = step !== null && step >= this.board.view[0] && step <= this.board.view[1];
        this.cursor.hidden = !isShown;
        this.read(isShown);
        if (!isShown) return;
        const { style } = this.cursor;
        style.transform = `translateX(${this.x(step)}px)`;
        [style.top, style.height] = [`${this.area.top}px`, `${this.area.bottom - this.area.top}px`];
      }

      showTip([title, ...lines], x, y) {
        const heading = document.createElement("strong");
        heading.textContent = title;
        this.tip.replaceChildren(heading, ...lines.flatMap((line, place) =>
          place ? [document.createElement("br"), line] : [line]));
        this.tip.hidden = false;
        const isLeft = x + this.tip.offsetWidth + 16 > this.plane.clientWidth;
        const left = isLeft ? Math.max(0, x - this.tip.offsetWidth - 12) : x + 12;
        this.tip.style.transform = `translate(${left}px, ${y}px)`;
      }
    }

    """#
}
