import { build } from "esbuild";
import { BANNER } from "./bundle.ts";

/** A program for Node as the text of one file, with all that it uses. Throws what esbuild throws. */
export async function oneFile(program: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [program],
    bundle: true,
    minify: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: BANNER },
    logLevel: "warning",
  });
  return outputFiles[0]!.text;
}
