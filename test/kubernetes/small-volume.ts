import type { Lab } from "./lab.ts";

const FOLDER = "/tmp/hostpath_pv/small";
const BALLAST = `${FOLDER}/ballast`;
const NAME = "wayward-small";

/** A volume of so many MiB, in the memory of the node, that any claim of its class may have. */
export class SmallVolume {
  static readonly storageClass = NAME;
  readonly #lab: Lab;

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  static async make(lab: Lab, mebibytes: number): Promise<SmallVolume> {
    await lab.must(["mkdir", "-p", FOLDER]);
    await lab.must(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0777`, "tmpfs", FOLDER]);
    const volume = {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: NAME },
      spec: {
        storageClassName: NAME,
        // What the chart claims; nobody measures.
        capacity: { storage: "20Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: FOLDER },
      },
    };
    await lab.must(["kubectl", "create", "-f", "-"], 60_000, JSON.stringify(volume));
    return new SmallVolume(lab);
  }

  /** Takes what is left of it. */
  async fill(): Promise<void> {
    // Ends with an error, since the volume is full.
    await this.#lab.run(["dd", "if=/dev/zero", `of=${BALLAST}`, "bs=64k"]);
  }

  /** Gives back what `fill` took. */
  async makeRoom(): Promise<void> {
    await this.#lab.must(["rm", BALLAST]);
  }

  async remove(): Promise<void> {
    await this.#lab.must(["kubectl", "delete", "pv", NAME, "--ignore-not-found"]);
    await this.#lab.must(["umount", FOLDER]);
  }
}
