/** Places of records in their block, in any order, as first and count in turn. */
export function rangesOfPlaces(places: Uint32Array): number[] {
  const rising = places.slice().sort();
  const ranges: number[] = [];
  for (let at = 0; at < rising.length; ) {
    const first = rising[at]!;
    let count = 1;
    while (rising[at + count] === first + count) count++;
    ranges.push(first, count);
    at += count;
  }
  return ranges;
}
