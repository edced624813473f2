import { setting } from "@wayward/service-kit";

/** What only the archiver is told. */
export const ARCHIVE_SETTINGS = {
  keepBytes: setting.size("WAYWARD_KEEP", "bytes of archive above which the oldest ended sessions go, 0 for no limit", {
    fallback: "0",
  }),
};
