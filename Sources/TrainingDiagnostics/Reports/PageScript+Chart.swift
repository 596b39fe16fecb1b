extension PageScript {
  /// A plot on a canvas.
  static let chart = #"""
    const colorOf = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

    class Chart {
      constructor(board, figure, data) {
        [this.board, this.figure, this.isLogarithmic] = [board, figure, data.logarithmic];
        this.curves = data.series.map((series, place) => new Curve(series, ["accent", "second", "third"][place]));
        this.plane = figure.querySelector(".plane");
        this.canvas = figure.querySelector("canvas");
        this.context = this.canvas.getContext("2d");
        this.isHero = Boolean(figure.closest(".hero"));
        for (const name of ["cursor", "selection", "tip"]) this[name] = this.addBox(name);
        this.addLegend();
        this.addTools();
        this.flags = this.isHero ? board.findings.map((finding, place) => this.addFlag(finding, place)) : [];
        new PointerControl(this);
      }

      addBox(name) {
        const box = document.createElement("div");
        [box.className, box.hidden] = [name, true];
        this.plane.append(box);
        return box;
      }

      addLegend() {
        this.readings = this.curves.map(curve => {
          const [item, mark, reading] = ["span", "i", "b"].map(tag => document.createElement(tag));
          mark.style.background = `var(--${curve.color})`;
          item.append(mark, this.curves.length > 1 ? curve.label + " " : "", reading);
          this.figure.querySelector(".legend").append(item);
          return reading;
        });
      }

      addTools() {
        const scale = this.figure.querySelector(".scale");
        const isPositive = this.curves.some(curve => curve.values.some(value => value > 0));
        scale.hidden = !isPositive;
        scale.addEventListener("click", () => {
          this.isLogarithmic = !this.isLogarithmic;
          scale.setAttribute("aria-pressed", this.isLogarithmic);
          this.draw();
        });
        this.resetButton = this.figure.querySelector(".reset");
        this.resetButton.addEventListener("click", () => this.board.reset());
      }

      addFlag(finding, place) {
        const flag = document.createElement("button");
        const text = `${finding.severity} at step ${finding.step}: ${finding.symptom}`;
        [flag.type, flag.className, flag.textContent] = ["button", "flag " + finding.severity, place + 1];
        flag.setAttribute("aria-label", text);
        const tell = () => this.showTip([text, "cause: " + finding.cause], this.x(finding.step), this.area.top);
        const card = this.board.card(place);
        for (const event of ["pointerenter", "focus"]) {
          flag.addEventListener(event, () => { tell(); card.classList.add("lit"); });
        }
        for (const event of ["pointerleave", "blur"]) {
          flag.addEventListener(event, () => { this.tip.hidden = true; card.classList.remove("lit"); });
        }
        flag.addEventListener("click", () => { tell(); card.scrollIntoView({ block: "nearest" }); });
        this.plane.append(flag);
        return flag;
      }

      /// Puts the flags into rows in which none covers another, and returns how many rows there are.
      placeFlags() {
        const ends = [];
        const order = this.flags.map((_, place) => place)
          .sort((a, b) => this.board.findings[a].step - this.board.findings[b].step);
        for (const place of order) {
          const [flag, { step }] = [this.flags[place], this.board.findings[place]];
          flag.hidden = step < this.board.view[0] || step > this.board.view[1];
          flag.style.display = flag.hidden ? "none" : "";
          if (flag.hidden) continue;
          const x = this.x(step);
          let row = ends.findIndex(end => x > end + 24);
          if (row < 0) row = ends.length;
          ends[row] = x;
          flag.style.left = `${x}px`;
          flag.style.top = `${4 + row * 24}px`;
        }
        return ends.length;
      }

      measure() {
        const [width, height] = [this.plane.clientWidth, this.plane.clientHeight];
        const ratio = Math.min(window.devicePixelRatio || 1, 3);
        [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
        this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
        this.area = { left: 58, right: width - 16, top: 14, bottom: height - 26 };
        this.x = step => {
          const [first, last] = this.board.view;
          return this.area.left + (step - first) / (last - first) * (this.area.right - this.area.left);
        };
        this.x.left = this.area.left;
        if (this.isHero) this.area.top = 12 + this.placeFlags() * 24;
      }

      stepAt(x) {
        const [first, last] = this.board.view;
        const share = (x - this.area.left) / (this.area.right - this.area.left);
        return first + Math.min(Math.max(share, 0), 1) * (last - first);
      }

      /// The ends of the vertical axis, in logarithms where it is logarithmic.
      extent(ranges) {
        let [low, high] = [Infinity, -Infinity];
        this.curves.forEach((curve, number) => ranges[number].forEach(([start, end]) => {
          for (let place = start; place < end; place += 1) {
            const value = curve.values[place];
            if (!Number.isFinite(value) || this.isLogarithmic && value <= 0) continue;
            if (value < low) low = value;
            if (value > high) high = value;
          }
        }));
        if (low > high) [low, high] = this.isLogarithmic ? [1, 10] : [0, 1];
        const ends = [low, high].map(this.isLogarithmic ? Math.log10 : clamped);
        const span = ends[1] - ends[0];
        const least = this.isLogarithmic ? 0.3 : Math.abs(ends[0]) * 0.1 || 1;
        const room = span > 0 ? span * 0.06 : least;
        return [ends[0] - room, ends[1] + room];
      }

      draw() {
        if (!this.plane.clientWidth) return;
        this.measure();
        const { context, area } = this;
        const ranges = this.curves.map(curve => curve.ranges(this.board.view));
        const [low, high] = this.extent(ranges);
        const height = area.bottom - area.top;
        this.y = value => {
          const place = this.isLogarithmic ? (value > 0 ? Math.log10(value) : low) : clamped(value);
          return area.bottom - Math.max(0, (place - low) / (high - low)) * height;
        };
        context.clearRect(0, 0, this.plane.clientWidth, this.plane.clientHeight);
        this.drawAxes(low, high);
        this.drawFindings();
        this.curves.forEach((curve, number) => this.drawCurve(curve, ranges[number]));
        this.drawLost(ranges);
        this.resetButton.hidden = this.board.isWhole;
        this.figure.dataset.drawn = ranges.flat().reduce((sum, [start, end]) => sum + end - start, 0);
        this.showCursor();
      }

      drawAxes(low, high) {
        const { context, area } = this;
        const count = this.isHero ? 6 : 4;
        const ticks = (this.isLogarithmic ? decadeTicks : evenTicks)(low, high, count);
        [context.strokeStyle, context.fillStyle, context.lineWidth] = [colorOf("grid"), colorOf("soft"), 1];
        context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
        [context.textAlign, context.textBaseline] = ["right", "middle"];
        context.beginPath();
        for (const tick of ticks) {
          const y = Math.round(this.y(tick)) + 0.5;
          context.moveTo(area.left, y);
          context.lineTo(area.right, y);
          context.fillText(tickText(tick), area.left - 9, y);
        }
        context.stroke();
        [context.textAlign, context.textBaseline] = ["center", "alphabetic"];
        for (const tick of this.stepTicks()) context.fillText(stepText(tick), this.x(tick), area.bottom + 19);
        context.textAlign = "left";
        context.fillText("step", area.left - 48, area.bottom + 19);
      }

      stepTicks() {
        const [first, last] = this.board.view;
        const count = Math.max(2, Math.floor((this.area.right - this.area.left) / 90));
        return [...new Set(evenTicks(first, last, count).map(Math.round))]
          .filter(tick => tick >= first && tick <= last);
      }

      drawFindings() {
        const { context, area } = this;
        this.board.findings.forEach((finding, place) => {
          if (finding.step < this.board.view[0] || finding.step > this.board.view[1]) return;
          const x = Math.round(this.x(finding.step)) + 0.5;
          const top = this.isHero ? parseFloat(this.flags[place].style.top) + 20 : area.top;
          [context.strokeStyle, context.globalAlpha] = [colorOf(finding.severity), 0.55];
          context.setLineDash([3, 3]);
          context.beginPath();
          context.moveTo(x, top);
          context.lineTo(x, area.bottom);
          context.stroke();
          context.setLineDash([]);
          context.globalAlpha = 1;
        });
      }

      drawCurve(curve, ranges) {
        const { context, area } = this;
        const count = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
        const width = area.right - area.left;
        const isNoisy = curve.isNoisy && count > Math.max(250, width / 2);
        context.strokeStyle = context.fillStyle = colorOf(curve.color);
        [context.lineJoin, context.lineWidth, context.globalAlpha] = ["round", isNoisy ? 1 : 1.8, isNoisy ? 0.32 : 1];
        context.beginPath();
        for (const [start, end] of ranges) curve.trace(context, start, end, this.x, this.y);
        context.stroke();
        [context.globalAlpha, context.lineWidth] = [1, 2];
        if (isNoisy) {
          context.beginPath();
          for (const [start, end] of ranges) curve.traceMean(context, start, end, this.x, this.y, width);
          context.stroke();
        } else if (count < width / 12) this.drawDots(curve, ranges);
      }

      drawDots(curve, ranges) {
        for (const [start, end] of ranges) {
          for (let place = start; place < end; place += 1) {
            if (!Number.isFinite(curve.values[place])) continue;
            this.context.beginPath();
            this.context.arc(this.x(curve.steps[place]), this.y(curve.values[place]), 2.6, 0, 7);
            this.context.fill();
          }
        }
      }

      /// Values that are not finite, as marks at the upper edge.
      drawLost(ranges) {
        const { context, area } = this;
        context.fillStyle = colorOf("fault");
        let last = -Infinity;
        this.curves.forEach((curve, number) => ranges[number].forEach(([start, end]) => {
          for (let place = start; place < end; place += 1) {
            const x = this.x(curve.steps[place]);
            if (Number.isFinite(curve.values[place]) || Math.abs(x - last) < 6) continue;
            last = x;
            context.beginPath();
            context.moveTo(x - 4.5, area.top - 4);
            context.lineTo(x + 4.5, area.top - 4);
            context.lineTo(x, area.top + 4);
            context.fill();
          }
        }));
      }

      showCursor() {
        const { step } = this.board;
        const isShown = step !== null && step >= this.board.view[0] && step <= this.board.view[1];
        this.cursor.hidden = !isShown;
        this.curves.forEach((curve, number) => {
          const place = isShown ? curve.nearest(step) : curve.values.length - 1;
          this.readings[number].textContent = numberText(curve.values[place]);
        });
        if (!isShown) return;
        const { style } = this.cursor;
        style.transform = `translateX(${this.x(step)}px)`;
        [style.top, style.height] = [`${this.area.top}px`, `${this.area.bottom - this.area.top}px`];
      }

      /// The values at the cursor, beside it.
      tellValues() {
        const { step } = this.board;
        const lines = this.curves.map(curve => {
          const place = curve.nearest(step);
          const at = curve.steps[place] === step ? "" : ` (step ${curve.steps[place]})`;
          return `${curve.label} ${numberText(curve.values[place])}${at}`;
        });
        this.showTip([`step ${step}`, ...lines], this.x(step), this.area.top + 10);
        return lines.join(", ");
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
