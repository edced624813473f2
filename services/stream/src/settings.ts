import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setting } from "@wayward/service-kit";

/** How running sessions are analysed. */
export const ANALYSIS_SETTINGS = {
  ingest: setting.text(
    "WAYWARD_INGEST",
    "host:port of ingest, https://host:port for TLS, to report findings; none: nothing is analysed live",
    {
      fallback: "",
    },
  ),
  ingestKey: setting.optional("WAYWARD_KEY", "key of the scope ingest, to report findings where ingest asks for one", {
    secret: true,
  }),
  ingestKeyFile: setting.file("WAYWARD_KEY_FILE", "file of that key, in place of WAYWARD_KEY"),
  ingestCa: setting.file("WAYWARD_CA", "certificates to trust of ingest, PEM; only TLS is spoken then"),
  ingestCert: setting.file("WAYWARD_CERT", "own certificate, where ingest asks for one, PEM"),
  ingestCertKey: setting.file("WAYWARD_CERT_KEY", "its key, PEM"),
  analysisSpool: setting.text("WAYWARD_ANALYSIS_SPOOL", "folder where findings wait for ingest; else a temporary one", {
    fallback: "",
  }),
};

/** Where findings for this ingest wait if nobody says where: a folder that no other user and no other installation of a host pushes from. */
export function analysisSpool(ingest: string): string {
  const of = createHash("sha256").update(ingest).digest("hex").slice(0, 12);
  return join(tmpdir(), `wayward-analysis-${userInfo().uid}-${of}`);
}
