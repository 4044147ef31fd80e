/** Bytes that came as base64; nothing if that is not what they are. */
export function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof base64 !== "string") return undefined;
  try {
    const binary = atob(base64);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A name for a file of this kind: `image/png` gives `image.png`. */
export function fileNameOf(stem: string, mimeType: string): string {
  const kind = /^[a-z]+\/([a-z0-9]+)/i.exec(mimeType)?.[1] ?? "bin";
  return `${stem}.${kind.toLowerCase()}`;
}
