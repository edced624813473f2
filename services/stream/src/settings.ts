import { tmpdir } from "node:os";
import { join } from "node:path";
import { setting } from "@wayward/service-kit";

/** How running sessions are analysed. */
export const ANALYSIS_SETTINGS = {
  ingest: setting.text("WAYWARD_INGEST", "host:port of ingest, to report findings; none: nothing is analysed live", {
    fallback: "",
  }),
  analysisSpool: setting.text("WAYWARD_ANALYSIS_SPOOL", "folder where findings wait for ingest; else a temporary one", {
    fallback: "",
  }),
};

/** Where findings wait if nobody says where. */
export const ANALYSIS_SPOOL = join(tmpdir(), "wayward-analysis");
