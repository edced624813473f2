import type { SharedPlace } from "./shared.ts";

/** A lane as a person tells it from those of other sessions. */
export function laneText({ lane, program, host }: SharedPlace): string {
  return `${lane} of ${program} on ${host}`;
}

/** Wall times as text: details travel as JSON. */
export function plainPlace({ wall, ...place }: SharedPlace) {
  return { ...place, wall: String(wall) };
}

/** When records were first and last, and the sessions that they are of. */
export function spanOf(places: readonly SharedPlace[]) {
  const walls = places.map(({ wall }) => wall);
  return {
    first: walls.reduce((least, wall) => (wall < least ? wall : least)),
    last: walls.reduce((most, wall) => (wall > most ? wall : most)),
    sessions: [...new Set(places.map(({ session }) => session))].sort(),
  };
}
