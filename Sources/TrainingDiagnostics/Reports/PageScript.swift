/// What makes the plots of a page: a script without dependencies, in parts.
enum PageScript {
  static let text =
    "\"use strict\";\n"
    + [
      numbers, curve, plane, chart, heat, interior, pointer, board,
    ].joined()

  /// Numbers as text, and round values on axes.
  private static let numbers = #"""
    const largest = 1e300;
    const clamped = value => Math.min(Math.max(value, -largest), largest);

    function numberText(value) {
      if (value === undefined) return "–";
      if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+∞" : "−∞";
      const size = Math.abs(value);
      if (size !== 0 && (size >= 1e6 || size < 1e-3)) {
        return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e").replace(/-/g, "−");
      }
      return String(Number(value.toPrecision(4))).replace("-", "−");
    }

    function tickText(value) {
      const isPower = Math.abs(value) >= 1e5 || value !== 0 && Math.abs(value) < 1e-3;
      return isPower ? value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e").replace(/-/g, "−")
        : numberText(value);
    }

    function stepText(step) {
      const size = Math.abs(step);
      for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
        const divisor = letter === "k" ? 1e3 : unit;
        if (size >= unit) return `${Number((step / divisor).toPrecision(6))}${letter}`;
      }
      return step.toLocaleString("en");
    }

    function evenTicks(low, high, count) {
      const rough = (high - low) / count;
      const unit = 10 ** Math.floor(Math.log10(rough));
      const step = unit * ([1, 2, 5].find(part => part * unit >= rough) || 10);
      const ticks = [];
      for (let place = Math.ceil(low / step); place <= high / step && ticks.length < 50; place += 1) {
        ticks.push(place * step);
      }
      return ticks;
    }

    function decadeTicks(low, high, count) {
      const [first, last] = [Math.floor(low), Math.ceil(high)];
      if (high - low < 0.7) return evenTicks(10 ** low, 10 ** high, count);
      const parts = high - low < 2 ? [1, 2, 5] : [1];
      const step = Math.max(1, Math.floor((last - first) / count));
      const ticks = [];
      for (let decade = first; decade <= last; decade += step) {
        for (const part of parts) ticks.push(part * 10 ** decade);
      }
      return ticks.filter(tick => Math.log10(tick) >= low && Math.log10(tick) <= high);
    }

    """#

  /// A curve: its points, where to find them, and its strokes.
  private static let curve = #"""
    class Curve {
      constructor(data, color) {
        [this.label, this.isNoisy, this.color] = [data.label, data.noisy, color];
        this.steps = Float64Array.from(data.steps);
        // What is not known is not drawn.
        this.values = Float64Array.from(data.values, value => (value === null ? NaN : Number(value)));
        // A run that is resumed goes back; within a segment steps rise.
        this.segments = [];
        let start = 0;
        for (let place = 1; place <= this.steps.length; place += 1) {
          if (place === this.steps.length || this.steps[place] < this.steps[place - 1]) {
            this.segments.push([start, place]);
            start = place;
          }
        }
      }

      /// The first place of a segment whose step is not below one.
      search(step, [start, end]) {
        while (start < end) {
          const middle = (start + end) >> 1;
          if (this.steps[middle] < step) start = middle + 1; else end = middle;
        }
        return start;
      }

      /// The places of each segment that lie in the view.
      ranges([first, last]) {
        return this.segments.map(segment => [this.search(first, segment), this.search(last + 1e-9, segment)])
          .filter(([start, end]) => start < end);
      }

      /// The place that is nearest to a step; of several the one that was last.
      nearest(step) {
        let best = -1;
        for (const segment of this.segments) {
          const after = this.search(step, segment);
          for (const place of [after - 1, after]) {
            if (place < segment[0] || place >= segment[1]) continue;
            const distance = Math.abs(this.steps[place] - step);
            if (best < 0 || distance <= Math.abs(this.steps[best] - step)) best = place;
          }
        }
        return best;
      }

      /// Adds strokes through the points; where there are several in a pixel, through its lowest and highest.
      trace(context, start, end, x, y) {
        const { steps, values } = this;
        let [isDown, place] = [false, start];
        const go = point => {
          if (!Number.isFinite(values[point])) { isDown = false; return; }
          if (isDown) context.lineTo(x(steps[point]), y(values[point]));
          else context.moveTo(x(steps[point]), y(values[point]));
          isDown = true;
        };
        while (place < end) {
          const pixel = Math.floor(x(steps[place]));
          let [next, lowest, highest, broken] = [place, place, place, false];
          for (; next < end && Math.floor(x(steps[next])) === pixel; next += 1) {
            if (!Number.isFinite(values[next])) broken = true;
            else if (!Number.isFinite(values[lowest])) lowest = highest = next;
            else if (values[next] < values[lowest]) lowest = next;
            else if (values[next] > values[highest]) highest = next;
          }
          const points = [...new Set([place, lowest, highest, next - 1])].sort((a, b) => a - b);
          points.filter(point => Number.isFinite(values[point])).forEach(go);
          if (broken) isDown = false;
          place = next;
        }
      }

      /// The course without its noise: means over a few pixels, each smoothed with neighbours that are near it, so that
      /// a rise stays as steep as it is.
      traceMean(context, start, end, x, y, width) {
        const bins = Math.max(8, Math.floor(width / 5));
        const [left, sums, counts] = [x.left, new Float64Array(bins + 1), new Float64Array(bins + 1)];
        for (let place = start; place < end; place += 1) {
          if (!Number.isFinite(this.values[place])) continue;
          const bin = Math.round((x(this.steps[place]) - left) / width * bins);
          sums[bin] += y(this.values[place]);
          counts[bin] += 1;
        }
        const means = sums.map((sum, bin) => sum / counts[bin]);
        const [first, last] = [counts.findIndex(count => count > 0), counts.findLastIndex(count => count > 0)];
        let isDown = false;
        for (let bin = 0; bin <= bins; bin += 1) {
          if (!counts[bin]) continue;
          // As many on either side, so that the ends do not bend.
          const reach = Math.min(3, bin - first, last - bin);
          let [sum, weight] = [0, 0];
          for (let near = bin - reach; near <= bin + reach; near += 1) {
            if (!counts[near] || Math.abs(means[near] - means[bin]) > 14) continue;
            const part = 1 / (1 + Math.abs(near - bin));
            [sum, weight] = [sum + part * means[near], weight + part];
          }
          const point = [left + bin / bins * width, sum / weight];
          if (isDown) context.lineTo(...point); else context.moveTo(...point);
          isDown = true;
        }
      }
    }

    """#
}
