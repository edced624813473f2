import { descriptor, FILE_DESCRIPTORS } from "@wayward/api";
import { assert } from "@wayward/base";

interface File {
  readonly name: string;
  readonly bytes: Buffer;
  readonly dependencies: readonly string[];
  readonly symbols: ReadonlySet<string>;
}

let files: ReadonlyMap<string, File> | undefined;

/** A file of proto/ by its name or by a symbol in it, with all that it imports; empty if there is none. */
export function findDescriptor(by: "file" | "symbol", subject: string): Buffer[] {
  files ??= readFiles();
  const found = by === "file" ? files.get(subject) : [...files.values()].find(({ symbols }) => symbols.has(subject));
  if (found === undefined) return [];
  const all = new Map<string, Buffer>();
  const add = (file: File) => {
    if (all.has(file.name)) return;
    all.set(file.name, file.bytes);
    for (const name of file.dependencies) {
      const dependency = files?.get(name);
      if (dependency !== undefined) add(dependency);
    }
  };
  add(found);
  return [...all.values()];
}

function readFiles(): ReadonlyMap<string, File> {
  const found = splitSet(Buffer.from(FILE_DESCRIPTORS, "base64")).map((bytes) => {
    return describeFile(bytes, descriptor.FileDescriptorProto.decode(bytes));
  });
  return new Map(found.map((file) => [file.name, file]));
}

/**
 * The files of a FileDescriptorSet, `0a <varint length> <file>` each, as they
 * stand in it: encoded anew they would lack labels, oneof places and options
 * that equal a default, and clients refuse them.
 */
function splitSet(set: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < set.length; ) {
    assert(set[at++] === 0x0a, "a FileDescriptorSet holds files only");
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = set.readUInt8(at++);
      length |= (byte & 0x7f) << shift;
      more = byte >= 0x80;
    }
    found.push(set.subarray(at, at + length));
    at += length;
  }
  return found;
}

function describeFile(bytes: Buffer, file: descriptor.FileDescriptorProto): File {
  const scope = file.package ?? "";
  const symbols = new Set<string>();
  for (const service of file.service) {
    symbols.add(`${scope}.${service.name}`);
    for (const method of service.method) symbols.add(`${scope}.${service.name}.${method.name}`);
  }
  const addMessage = (message: descriptor.DescriptorProto, within: string) => {
    symbols.add(`${within}.${message.name}`);
    for (const nested of message.nestedType) addMessage(nested, `${within}.${message.name}`);
  };
  for (const message of file.messageType) addMessage(message, scope);
  for (const { name } of file.enumType) symbols.add(`${scope}.${name}`);
  return { name: file.name ?? "", bytes, dependencies: file.dependency, symbols };
}
