import { inflateRawSync } from "node:zlib";

const END = 0x06054b50;

/** The files of a ZIP archive, by name: those of its central directory, stored or deflated. */
export function zipEntries(archive: Buffer): ReadonlyMap<string, Buffer> {
  let end = archive.length - 22;
  while (archive.readUInt32LE(end) !== END) end--;
  const entries = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const lengths = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const [nameLength = 0] = lengths;
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(from, from + size);
    entries.set(name, method === 0 ? packed : inflateRawSync(packed));
    at += 46 + lengths.reduce((sum, length) => sum + length, 0);
  }
  return entries;
}
