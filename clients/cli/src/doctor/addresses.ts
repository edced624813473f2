import { lookup } from "node:dns/promises";
import { isAskedByTls } from "./ask.ts";

/** The host of `host:port` or `https://host:port`, without the brackets of an IPv6 address. */
export function hostOf(address: string): string {
  return address
    .slice(0, address.lastIndexOf(":"))
    .replace(/^https?:\/\//, "")
    .replace(/^\[|\]$/g, "");
}

/**
 * Each process that a name stands for: a Kubernetes service without an address
 * of its own is the addresses of its pods. One that has no address stays as it
 * is, so that who asks there tells of it.
 */
export async function everyAddress(address: string): Promise<string[]> {
  // By name, a certificate is of the name.
  if (isAskedByTls(address)) return [address];
  const port = address.slice(address.lastIndexOf(":") + 1);
  try {
    const found = await lookup(hostOf(address), { all: true });
    // localhost is one process under two addresses.
    if (found.some(({ address: ip }) => ip === "127.0.0.1" || ip === "::1")) return [address];
    return found.map(({ address: ip, family }) => (family === 6 ? `[${ip}]:${port}` : `${ip}:${port}`));
  } catch {
    return [address];
  }
}
