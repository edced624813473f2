import { tmpdir } from "node:os";
import { join } from "node:path";
import { setting } from "@wayward/service-kit";

/** How running sessions are analysed. */
export const ANALYSIS_SETTINGS = {
  ingest: setting.text(
    "WAYWARD_INGEST",
    "host:port of ingest, where findings of running sessions are reported; none: they are not analysed",
    {
      fallback: "",
    },
  ),
  analysisSpool: setting.text("WAYWARD_ANALYSIS_SPOOL", "folder where findings wait for ingest", {
    fallback: join(tmpdir(), "wayward-analysis"),
  }),
};
