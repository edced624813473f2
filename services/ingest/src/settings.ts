import { BUS_SETTINGS, setting } from "@wayward/service-kit";

/** What ingest is told. */
export const INGEST_SETTINGS = {
  ...BUS_SETTINGS,
  /** Pushers that connect again spread over pods that came later. */
  pushAgeSeconds: setting.count(
    "WAYWARD_PUSH_AGE",
    "seconds after which a pusher connects again; 0 for never",
    0,
    86_400,
    { fallback: "0" },
  ),
};
