/** A volume of a pod, and where its container has it. */
export interface Mounted {
  readonly name: string;
  readonly mountPath: string;
  /** What a volume of a pod is besides its name, such as `{ emptyDir: {} }`. */
  readonly source: object;
}

/** What pods are given besides their program. */
export interface Given {
  /** A secret, as /etc/wayward/access; it may come later. */
  readonly secret?: string;
  /** A volume that outlives the pod, as /spool. */
  readonly claim?: string;
}

export const TMP: Mounted = { name: "tmp", mountPath: "/tmp", source: { emptyDir: {} } };

export function mounted({ secret, claim }: Given): Mounted[] {
  const all: Mounted[] = [];
  if (secret !== undefined) {
    const source = { secret: { secretName: secret, optional: true } };
    all.push({ name: "access", mountPath: "/etc/wayward/access", source });
  }
  if (claim !== undefined) {
    all.push({ name: "spool", mountPath: "/spool", source: { persistentVolumeClaim: { claimName: claim } } });
  }
  return all;
}

/** A pod of one container that fits `restricted`. */
export function restrictedPod(name: string, container: object, mounts: readonly Mounted[]): object {
  const restricted = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };
  const volumeMounts = mounts.map(({ name, mountPath }) => ({ name, mountPath }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{ name: "main", securityContext: restricted, volumeMounts, ...container }],
      volumes: mounts.map(({ name, source }) => ({ name, ...source })),
    },
  };
}
