import { descriptor, FILE_DESCRIPTORS } from "@wayward/api";

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
  const set = descriptor.FileDescriptorSet.decode(Buffer.from(FILE_DESCRIPTORS, "base64"));
  return new Map(set.file.map((file) => [file.name ?? "", describeFile(file)]));
}

function describeFile(file: descriptor.FileDescriptorProto): File {
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
  const bytes = Buffer.from(descriptor.FileDescriptorProto.encode(file).finish());
  return { name: file.name ?? "", bytes, dependencies: file.dependency, symbols };
}
