// SPDX-License-Identifier: Apache-2.0
// @ts-check

/**
 * Which way a keypoint points, as `signals/_orientation.py` has it: the direction that most of the
 * slopes around it have (Lowe, IJCV 2004, section 5; a slope is shared between the two directions it
 * lies between).
 */

/** @typedef {import("./keypoints.js").Keypoint} Keypoint */

const DIRECTIONS = 36;
const WINDOW_SIGMAS = 1.5;
const REACH_WINDOWS = 3;

/**
 * The strongest direction of a keypoint, in radians, clockwise as y goes down; null where there is
 * no slope at all.
 * @param {Keypoint} keypoint
 * @returns {number | null}
 */
export function angleOf(keypoint) {
  const directions = smoothed(smoothed(countDirections(keypoint)));
  const peak = highestPeak(directions);
  return peak < 0 ? null : (between(directions, peak) * 2 * Math.PI) / DIRECTIONS;
}

/** How much slope there is in each direction. @param {Keypoint} keypoint */
function countDirections({ level, levelX, levelY, levelSigma }) {
  const { values, width, height } = level;
  const window = WINDOW_SIGMAS * levelSigma;
  const reach = Math.floor(REACH_WINDOWS * window + 0.5);
  const column = Math.trunc(levelX + 0.5);
  const row = Math.trunc(levelY + 0.5);
  const directions = new Float64Array(DIRECTIONS);
  for (let dy = Math.max(-reach, 1 - row); dy <= Math.min(reach, height - 2 - row); dy++) {
    for (let dx = Math.max(-reach, 1 - column); dx <= Math.min(reach, width - 2 - column); dx++) {
      const far = dx * dx + dy * dy;
      if (far > reach * reach) continue;
      const at = (row + dy) * width + column + dx;
      const gx = values[at + 1] - values[at - 1];
      const gy = values[at + width] - values[at - width];
      const slope = Math.sqrt(gx * gx + gy * gy) * Math.exp(-far / (2 * window * window));
      let place = (Math.atan2(gy, gx) * DIRECTIONS) / (2 * Math.PI);
      if (place < 0) place += DIRECTIONS;
      const whole = Math.floor(place);
      const share = place - whole;
      directions[whole % DIRECTIONS] += slope * (1 - share);
      directions[(whole + 1) % DIRECTIONS] += slope * share;
    }
  }
  return directions;
}

/** @param {Float64Array} before */
function smoothed(before) {
  const last = DIRECTIONS;
  return before.map((value, n) => {
    const near = before[(n + last - 1) % last] + before[(n + 1) % last];
    const farOff = before[(n + last - 2) % last] + before[(n + 2) % last];
    return (6 * value + 4 * near + farOff) / 16;
  });
}

/** The direction with the most slope; -1 when none is a peak. @param {Float64Array} directions */
function highestPeak(directions) {
  let best = -1;
  for (let n = 0; n < DIRECTIONS; n++) {
    const value = directions[n];
    const before = directions[(n + DIRECTIONS - 1) % DIRECTIONS];
    const after = directions[(n + 1) % DIRECTIONS];
    if (value > before && value >= after && (best < 0 || value > directions[best])) best = n;
  }
  return best;
}

/**
 * Where the top of a parabola through a peak and its neighbours lies.
 * @param {Float64Array} directions
 * @param {number} peak
 */
function between(directions, peak) {
  const before = directions[(peak + DIRECTIONS - 1) % DIRECTIONS];
  const after = directions[(peak + 1) % DIRECTIONS];
  const bend = before - 2 * directions[peak] + after;
  return peak + (bend !== 0 ? (0.5 * (before - after)) / bend : 0);
}
