/*
 * How often each order of a cycle was seen, as findings carry it in their
 * detail. Details come over the wire too: nothing is sure of them.
 */

type Detail = Readonly<Record<string, unknown>>;
type Edge = Readonly<Record<string, unknown>>;

/** Edge by edge, 0 where it is not known; empty for findings without a cycle. */
export function ordersOf({ detail }: { readonly detail: Detail }): number[] {
  return edgesOf(detail).map(countOf);
}

/** Orders of several cycles of one finding put together: an order is the same by what is held and what is taken. */
export class OrderCounts {
  readonly #counts = new Map<string, number>();

  add(detail: Detail, together: (a: number, b: number) => number): void {
    for (const edge of edgesOf(detail)) {
      const order = orderOf(edge);
      this.#counts.set(order, together(this.#counts.get(order) ?? 0, countOf(edge)));
    }
  }

  /** The detail with these counts in its cycle, where they are known. */
  putInto(detail: Detail): Detail {
    if (edgesOf(detail).length === 0) return detail;
    const cycle = edgesOf(detail).map((edge) => {
      const count = this.#counts.get(orderOf(edge)) ?? 0;
      return count === 0 ? edge : { ...edge, count };
    });
    return { ...detail, cycle };
  }
}

function edgesOf({ cycle }: Detail): Edge[] {
  return Array.isArray(cycle) ? cycle.filter((edge) => typeof edge === "object" && edge !== null) : [];
}

function orderOf({ from, to }: Edge): string {
  return JSON.stringify([from, to]);
}

function countOf({ count }: Edge): number {
  return typeof count === "number" ? count : 0;
}
