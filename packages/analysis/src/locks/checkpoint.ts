import { deserialize, serialize } from "node:v8";
import { restoreRows } from "./rows.ts";
import type { ClassNode, Edge, LockSession } from "./state.ts";

/** An edge without its nodes, which it names by id. */
type FlatEdge = Omit<Edge, "from" | "to"> & { readonly from: number; readonly to: number };

/** The order graph apart from the rest: as it is, a long chain of classes would be nested too deep to write. */
interface Flat {
  readonly session: LockSession;
  readonly edges: readonly FlatEdge[];
  /** By node: where edges lead to it from, in the order in which they were seen. */
  readonly into: readonly (readonly number[])[];
}

/** All of the session as bytes. */
export function writeCheckpoint(session: LockSession): Uint8Array {
  const graph = session.nodes.map(({ out, in: into }) => ({ out: new Map(out), into: new Map(into) }));
  const edges = graph.flatMap(({ out }) =>
    [...out.values()].map(({ from, to, ...rest }) => ({ ...rest, from: from.id, to: to.id })),
  );
  const into = graph.map((node) => [...node.into.keys()]);
  for (const node of session.nodes) clear(node);
  try {
    return serialize({ session, edges, into } satisfies Flat);
  } finally {
    for (const [id, node] of session.nodes.entries()) {
      for (const [to, edge] of graph[id]!.out) node.out.set(to, edge);
      for (const [from, edge] of graph[id]!.into) node.in.set(from, edge);
    }
  }
}

export function readCheckpoint(bytes: Uint8Array): LockSession {
  const { session, edges, into } = deserialize(bytes) as Flat;
  const { nodes } = session;
  for (const { from, to, ...rest } of edges) {
    nodes[from]!.out.set(to, { ...rest, from: nodes[from]!, to: nodes[to]! });
  }
  for (const [id, sources] of into.entries()) {
    for (const from of sources) nodes[id]!.in.set(from, nodes[from]!.out.get(id)!);
  }
  Object.assign(session.rows, restoreRows(session.rows));
  return session;
}

function clear({ out, in: into }: ClassNode): void {
  out.clear();
  into.clear();
}
