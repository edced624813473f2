/** Names of sessions that tell what analyses found begin so; the service that analyses follows. No program is called so. */
export const REPORTER_PREFIX = "analysis/";

/** True for the name of a session that no program of a user recorded: an analysis tells there what it found. */
export function isReporterName(name: string): boolean {
  return name.startsWith(REPORTER_PREFIX);
}
