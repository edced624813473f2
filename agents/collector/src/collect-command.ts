/** The command that brings what waits in a folder of spools to a server, as a shell takes it. */
export function collectCommand(root: string, address: string | undefined): string {
  const server = address === undefined ? "" : ` --server ${quoted(address)}`;
  return `wayward collect --once${server} ${quoted(root)}`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
