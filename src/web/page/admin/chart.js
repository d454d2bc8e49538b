// A small line chart of the last minutes, made of SVG elements. A screen reader gets the numbers from its
// label.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 160;
const HEIGHT = 36;

/**
 * @param {string} name of the figure
 * @param {number[]} values oldest first
 * @param {(value: number) => string} shown
 * @returns {SVGElement}
 */
export function chart(name, values, shown) {
  const highest = Math.max(...values);
  const lowest = Math.min(...values);
  const svg = element("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    class: "chart",
    role: "img",
    "aria-label": `${name} since you opened this page: from ${shown(lowest)} to ${shown(highest)}`,
  });
  // The scale begins at zero, so that a small change does not look like a large one.
  const points = values.map((value, at) => {
    const x = values.length > 1 ? (at / (values.length - 1)) * WIDTH : WIDTH;
    const y = HEIGHT - 2 - (highest > 0 ? value / highest : 0) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  svg.append(
    element("polygon", { points: `0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}` }),
    element("polyline", { points: points.join(" ") }),
  );
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
