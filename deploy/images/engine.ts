import { spawnSync } from "node:child_process";

/** What an image is built from. */
export interface Recipe {
  readonly image: string;
  readonly dockerfile: string;
  /** Folder that the Dockerfile copies from. */
  readonly context: string;
  /** Build arguments. */
  readonly args: Readonly<Record<string, string>>;
  /** As the engine names them, with commas between; undefined for its own. */
  readonly platform: string | undefined;
}

/** A program that takes `build` and `load` as docker does. What it says on stderr is shown; its failures are thrown as sentences. */
export class Engine {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  build({ image, dockerfile, context, args, platform }: Recipe): void {
    const given = Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
    const wanted = platform === undefined ? [] : ["--platform", platform];
    this.#run(image, ["build", "--quiet", "--file", dockerfile, "--tag", image, ...wanted, ...given, context]);
  }

  /** Takes an image from a file. */
  load(image: string, file: string): void {
    this.#run(image, ["load", "--input", file]);
  }

  #run(image: string, args: readonly string[]): void {
    const { status, signal, error } = spawnSync(this.#program, args, { stdio: ["ignore", "ignore", "inherit"] });
    if (status === 0) return;
    const how = error?.message ?? `it ended with ${status ?? signal}`;
    throw new Error(`${this.#program} ${args[0]} of ${image} failed: ${how}`);
  }
}
