// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * A PDQ value drawn as a small pattern of 16×16 squares, so that a person can tell one fingerprint
 * from another. It shows the bits of the value in the order they are written, and nothing of the
 * picture; but it is the value, so it belongs only where the value may be shown.
 */

const SVG = "http://www.w3.org/2000/svg";
const SIDE = 16;

/**
 * The pattern as an inline SVG in the colour of the text around it (`currentColor`); its size is the
 * style sheet's to set (class `pattern`), 108 pixels without one (six a square).
 * @param {string} value 64 hexadecimal digits
 * @param {string} label what a screen reader says
 * @returns {SVGSVGElement}
 * @throws {RangeError} the value is not a PDQ value
 */
export function createPattern(value, label) {
  const svg = document.createElementNS(SVG, "svg");
  // The margin of one square keeps the pattern's edge visible on any ground.
  const attributes = {
    class: "pattern",
    role: "img",
    "aria-label": label,
    viewBox: `-1 -1 ${SIDE + 2} ${SIDE + 2}`,
    width: "108",
    height: "108",
    fill: "currentColor",
    "shape-rendering": "crispEdges",
  };
  setAttributes(svg, attributes);
  const ground = document.createElementNS(SVG, "rect");
  const outer = `${SIDE + 2}`;
  setAttributes(ground, { x: "-1", y: "-1", width: outer, height: outer, "fill-opacity": "0.1" });
  const squares = document.createElementNS(SVG, "path");
  setAttributes(squares, { d: patternPath(value) });
  svg.append(ground, squares);
  return svg;
}

/**
 * The outline of the set bits: row by row from the first digit on, runs of bits in one piece.
 * @param {string} value 64 hexadecimal digits
 * @returns {string} SVG path data on a grid of 16×16
 */
export function patternPath(value) {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new RangeError("a PDQ value has 64 hexadecimal digits");
  let path = "";
  for (let row = 0; row < SIDE; row++) {
    const bits = Number.parseInt(value.slice(row * 4, row * 4 + 4), 16).toString(2).padStart(SIDE, "0");
    for (const run of bits.matchAll(/1+/g)) {
      path += `M${run.index} ${row}h${run[0].length}v1h-${run[0].length}z`;
    }
  }
  return path;
}

/** @param {Element} element @param {Record<string, string>} attributes */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
